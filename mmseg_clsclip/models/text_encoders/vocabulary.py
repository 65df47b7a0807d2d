"""Vocabularies: the names of classes, each with its synonyms, checked."""

import difflib
import unicodedata
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from mmseg.utils import dataset_aliases, get_classes

from ...datasets.coco import COCO_CLASSES
from ...datasets.masks import is_background
from ...datasets.shapes_world import CLASSES as SHAPES_CLASSES
from ...utils.json_files import read_json

Vocabulary = str | Sequence[str | Sequence[str]] | dict

# Vocabularies that mmseg does not know.
EXTRA_VOCABULARIES = {'shapes_5i': SHAPES_CLASSES, 'coco': COCO_CLASSES}

# Categories of Unicode without ink, and letters and a symbol of no ink.
CATEGORIES_WITHOUT_INK = 'Cc', 'Cf', 'Cs', 'Mc', 'Me', 'Mn', 'Zl', 'Zp', 'Zs'
BLANK_LETTERS = '\u115f\u1160\u2800\u3164\uffa0'


def is_visible(text: str) -> bool:
    """Return whether there is anything to see in a text."""
    return any(
        unicodedata.category(letter) not in CATEGORIES_WITHOUT_INK
        and letter not in BLANK_LETTERS
        for letter in text
    )


def fold_name(name: str) -> str:
    """Return what names that look alike have in common.

    Case, spaces, the composition of letters and what cannot be seen, such as
    a space of no width or a variation selector, are left out.
    """
    visible = ''.join(
        letter
        for letter in unicodedata.normalize('NFC', name)
        if letter.isspace()
        or not (
            unicodedata.category(letter) in ('Cc', 'Cf')
            or letter in BLANK_LETTERS
            or '\ufe00' <= letter <= '\ufe0f'
        )
    )
    return ' '.join(unicodedata.normalize('NFC', visible.lower()).split())


def _names_of(dataset: str) -> list[str]:
    """Return the names of a known data set's classes, without the background.

    Raises:
        ValueError: If it is unknown.
    """
    known = sorted(dataset_aliases) + sorted(EXTRA_VOCABULARIES)
    if dataset not in known:
        nearest = difflib.get_close_matches(dataset, known, 3, 0)
        raise ValueError(
            f'vocabulary={dataset!r} is no data set that mmseg knows. '
            f'Nearest: {nearest}. For a single class write '
            f'vocabulary=[{dataset!r}].'
        )
    names = EXTRA_VOCABULARIES.get(dataset) or get_classes(dataset)
    return [name for name in names if not is_background(name)]


def read_vocabulary(vocabulary: str | Sequence) -> list[tuple[str, ...]]:
    """Return the names of the classes, each with its synonyms, checked.

    Args:
        vocabulary (str | Sequence): The name of a data set that mmseg knows,
            ``'coco'`` (80 things) or ``'shapes_5i'`` (the class 'background',
            if any, is left out: the segmentor adds it), or a list whose items
            are names or lists of synonyms.

    Returns:
        list[tuple[str]]: The synonyms of every class, the first its name.

    Raises:
        ValueError: If it is empty, or a name is unknown, empty or doubled.
    """
    names = _names_of(vocabulary) if isinstance(vocabulary, str) else vocabulary
    if not isinstance(names, (list, tuple)):
        raise ValueError(
            f'The names of the classes must be a list, not a {type(names).__name__}.'
        )
    classes = [
        tuple(item) if isinstance(item, (list, tuple)) else (item,) for item in names
    ]
    if not classes:
        raise ValueError('The vocabulary is empty; give at least one name.')
    numbers = {}
    for number, synonyms in enumerate(classes):
        if not synonyms:
            raise ValueError(f'Class {number} of the vocabulary has no name.')
        for name in synonyms:
            if not isinstance(name, str) or not is_visible(name):
                raise ValueError(
                    f'Class {number} of the vocabulary has the '
                    f'name {name!a}; a name is a text with '
                    'something to see in it.'
                )
            key = fold_name(name)
            if key in numbers:
                raise ValueError(
                    f'The name {name!a} stands twice in the vocabulary, in '
                    f'classes {numbers[key]} and {number}; a pixel could not '
                    'tell them apart.'
                )
            numbers[key] = number
    return classes


def check_readings(
    classes: Sequence[Sequence[str]], read: Callable[[str], Hashable]
) -> dict[Hashable, str]:
    """Check that a model reads another text in the names of every class.

    Args:
        classes (Sequence): The synonyms of every class.
        read (Callable): What the model reads in a name, its token ids say.

    Returns:
        dict[Hashable, str]: The first name of each reading.

    Raises:
        ValueError: If two classes have names that are read alike.
    """
    first_names = {}
    for number, synonyms in enumerate(classes):
        for name in synonyms:
            other, first = first_names.setdefault(read(name), (name, number))
            if first != number:
                raise ValueError(
                    f'The names {other!a} and {name!a} of classes {first} and '
                    f'{number} are one and the same to the model that reads '
                    'them; a pixel could not tell them apart. Give one class '
                    'another name or prompt, or write both names as synonyms '
                    'of one class.'
                )
    return {reading: name for reading, (name, _) in first_names.items()}


def read_names(path: Path) -> list:
    """Read names from a ``.json`` with a list, or from a text, one a line.

    Raises:
        ValueError: If it is no such file.
    """
    if path.suffix == '.json':
        return read_json(path)
    try:
        text = path.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(
            f'{path} is no text in UTF-8, which names of classes are read from.'
        ) from error
    return [line.strip() for line in text.rstrip().splitlines()]
