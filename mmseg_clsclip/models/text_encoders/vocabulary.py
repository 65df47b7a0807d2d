"""Vocabularies: names, synonyms, templates, prompts, files of embeddings."""

import difflib
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import open_clip
import torch
from mmseg.utils import dataset_aliases, get_classes
from safetensors.torch import load_file
from torch import Tensor

from ...datasets.coco import COCO_CLASSES
from ...datasets.masks import is_background
from ...datasets.shapes_world import CLASSES as SHAPES_CLASSES
from ...utils.json_files import read_json

Vocabulary = str | Sequence[str | Sequence[str]] | dict

# Vocabularies that mmseg does not know.
OURS = {'shapes_5i': SHAPES_CLASSES, 'coco': COCO_CLASSES}
# Prompt templates that have a name of their own.
TEMPLATES = {
    'name': ('{}',),
    'clip': tuple(t('{}') for t in open_clip.OPENAI_IMAGENET_TEMPLATES),
}

# Categories of Unicode without ink, and letters and a symbol of no ink.
NO_INK = 'Cc', 'Cf', 'Cs', 'Mc', 'Me', 'Mn', 'Zl', 'Zp', 'Zs'
BLANK = '\u115f\u1160\u2800\u3164\uffa0'


def is_visible(text: str) -> bool:
    """Whether there is anything to see in a text."""
    return any(
        unicodedata.category(letter) not in NO_INK and letter not in BLANK
        for letter in text
    )


def _spelt_out(name: str) -> str:
    """COCO-Stuff's 'wall-brick' is a brick wall, 'wall-other' a wall."""
    head, tail = name.split('-', 1)
    return head if tail in ('other', 'stuff') else f'{tail} {head}'


# What odd names of data sets mean in plain words.
PLAIN = {
    **{n: _spelt_out(n) for n in get_classes('cocostuff') if '-' in n},
    'aeroplane': 'airplane',
    'bedclothes': 'bed clothes',
    'diningtable': 'dining table',
    'motorbike': 'motorcycle',
    'playingfield': 'playing field',
    'pottedplant': 'potted plant',
    'tvmonitor': 'tv monitor',
    'waterdrops': 'water drops',
    'window-blind': 'window blind',
    'windowpane': 'window pane',
}


def read_prompts(prompts: str | Mapping[str, str] | None) -> dict[str, str]:
    """What is read in place of a name.

    Args:
        prompts (str | Mapping, optional): ``'plain'`` for :data:`PLAIN`, or a
            text for each name that shall have another.

    Raises:
        ValueError: If it is neither, or a text is empty.
    """
    if isinstance(prompts, str):
        if prompts != 'plain':
            raise ValueError(
                f"prompts={prompts!r}: 'plain', or a dict such "
                "as dict(tvmonitor='television')."
            )
        return PLAIN
    if not isinstance(prompts or {}, Mapping):
        raise ValueError(
            f"prompts={prompts!r}: 'plain', or a dict such as "
            "dict(tvmonitor='television')."
        )
    prompts = dict(prompts or {})
    for name, text in prompts.items():
        if not isinstance(text, str) or not is_visible(text):
            raise ValueError(
                f'The prompt of {name!r} is {text!a}; it must be '
                'a text with something to see in it.'
            )
    return prompts


def read_templates(templates: str | Sequence[str]) -> tuple[str, ...]:
    """Texts that a name is put into.

    Args:
        templates (str | Sequence[str]): One of :data:`TEMPLATES`, or texts
            that contain ``{}``.

    Raises:
        ValueError: If they are neither.
    """
    if isinstance(templates, str):
        if templates not in TEMPLATES:
            raise ValueError(
                f'templates={templates!r}: known by name are '
                f'{list(TEMPLATES)}; otherwise give a list.'
            )
        return TEMPLATES[templates]
    if not isinstance(templates, Iterable):
        raise ValueError(
            f'templates={templates!r}: write one of '
            f'{list(TEMPLATES)}, or a list of texts.'
        )
    templates = tuple(templates)
    wrong = [t for t in templates if not isinstance(t, str) or '{}' not in t]
    if wrong or not templates:
        raise ValueError(
            f'The templates {wrong} have no {{}} for the name to stand in.'
        )
    return templates


def read_vocabulary(vocabulary: str | Sequence) -> list[tuple[str, ...]]:
    """Names of the classes, each with its synonyms, checked.

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
    if isinstance(vocabulary, str):
        known = sorted(dataset_aliases) + sorted(OURS)
        if vocabulary not in known:
            nearest = difflib.get_close_matches(vocabulary, known, 3, 0)
            raise ValueError(
                f'vocabulary={vocabulary!r} is no data set that mmseg knows. '
                f'Nearest: {nearest}. For a single class write '
                f'vocabulary=[{vocabulary!r}].'
            )
        names = OURS.get(vocabulary) or get_classes(vocabulary)
        vocabulary = [name for name in names if not is_background(name)]
    if not isinstance(vocabulary, (list, tuple)):
        raise ValueError(
            'The names of the classes must be a list, not a '
            f'{type(vocabulary).__name__}.'
        )
    classes = [
        tuple(item) if isinstance(item, (list, tuple)) else (item,)
        for item in vocabulary
    ]
    if not classes:
        raise ValueError('The vocabulary is empty; give at least one name.')
    seen = {}
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
            key = ' '.join(unicodedata.normalize('NFC', name.lower()).split())
            if key in seen:
                raise ValueError(
                    f'The name {name!a} stands twice in the vocabulary, in '
                    f'classes {seen[key]} and {number}; a pixel could not '
                    'tell them apart.'
                )
            seen[key] = number
    return classes


def tell_apart(
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
    seen = {}
    for number, synonyms in enumerate(classes):
        for name in synonyms:
            other, first = seen.setdefault(read(name), (name, number))
            if first != number:
                raise ValueError(
                    f'The names {other!a} and {name!a} of classes {first} and '
                    f'{number} are one and the same to the model that reads '
                    'them; a pixel could not tell them apart. Give one class '
                    'another name or prompt, or write both names as synonyms '
                    'of one class.'
                )
    return {reading: name for reading, (name, _) in seen.items()}


def read_names(path: Path) -> list:
    """Names from a ``.json`` with a list, or from a text with one a line.

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


def read_embeddings(path: str | Path, names: Sequence[str] = ()) -> Tensor:
    """Text embeddings (K, D) float32 from ``.npy``, ``.pt``, ``.safetensors``.

    Args:
        path (str): The file.
        names (Sequence[str]): Of the rows, for what is said of a wrong one.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it holds anything but one matrix of finite numbers.
    """
    if not isinstance(path, (str, Path)):
        raise ValueError(
            'embeddings is the path of a file, not a '
            f'{type(path).__name__}. Save them: '
            "np.save('embeddings.npy', array)."
        )
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'The text embeddings {path} do not exist.')
    readers = {
        '.npy': lambda: torch.from_numpy(np.load(path, allow_pickle=False)),
        '.safetensors': lambda: load_file(path),
        '.pt': lambda: torch.load(path, map_location='cpu', weights_only=True),
    }
    readers['.pth'] = readers['.pt']
    if path.suffix not in readers:
        raise ValueError(
            f'{path}: text embeddings are read from .npy, .pt or .safetensors.'
        )
    try:
        value = readers[path.suffix]()
    except Exception as error:
        raise ValueError(
            f'{path} could not be read as text embeddings ({type(error).__name__}).'
        ) from error
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    dense = (
        isinstance(value, Tensor)
        and value.layout is torch.strided
        and not value.is_nested
        and not value.is_meta
    )
    if not dense or value.ndim != 2:
        found = (
            'a dict of ' + str(list(value))
            if isinstance(value, dict)
            else f'shape {tuple(value.shape)}'
            if dense
            else f'a {type(value).__name__} that is none'
        )
        raise ValueError(f'{path} must hold one matrix (K, D); it holds {found}.')
    if not value.is_floating_point():
        raise ValueError(
            f'{path} holds {value.dtype}; text embeddings are floating-point numbers.'
        )
    value = value.detach().float()
    check_finite(value, names, f'{path}, the text embeddings')
    return value


def check_finite(rows: Tensor, names: Sequence[str], source: str) -> None:
    """Refuse rows (K, ...) that hold what is no number, or infinite.

    Args:
        rows (Tensor): A row a name.
        names (Sequence[str]): As far as they are known.
        source (str): Where the rows are from, for the message.

    Raises:
        ValueError: If one is.
    """
    finite = rows.isfinite().flatten(1).all(1)
    if not finite.all():
        row = int((~finite).nonzero()[0])
        name = f' ({names[row]!a})' if row < len(names) else ''
        raise ValueError(
            f'{source}: row {row}{name} has values that are NaN, or infinite '
            f'in float32; {int((~finite).sum())} of {len(rows)} rows do. '
            'Pixels would be decided by them.'
        )
