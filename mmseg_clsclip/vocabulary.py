"""Vocabularies: names, synonyms, templates, prompts, files of embeddings."""
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import open_clip
import torch
from mmseg.utils import dataset_aliases, get_classes
from safetensors.torch import load_file
from torch import Tensor

from .datasets.coco import COCO_CLASSES
from .datasets.labels import is_background
from .datasets.shapes_world import CLASSES as SHAPES_CLASSES
from .files import read_json

Vocabulary = str | Sequence[str | Sequence[str]] | dict

# Vocabularies that mmseg does not know.
OURS = {'shapes_5i': SHAPES_CLASSES, 'coco': COCO_CLASSES}
# Prompt templates that have a name of their own.
TEMPLATES = {
    'name': ('{}', ),
    'clip': tuple(t('{}') for t in open_clip.OPENAI_IMAGENET_TEMPLATES),
}


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
            raise ValueError(f"prompts={prompts!r}: 'plain', or a dict such "
                             "as dict(tvmonitor='television').")
        return PLAIN
    prompts = dict(prompts or {})
    for name, text in prompts.items():
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f'The prompt of {name!r} is {text!r}; it must be '
                             'a text that is not empty.')
    return prompts


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
                f'vocabulary=[{vocabulary!r}].')
        names = OURS.get(vocabulary) or get_classes(vocabulary)
        vocabulary = [name for name in names if not is_background(name)]
    if not isinstance(vocabulary, (list, tuple)):
        raise ValueError('The names of the classes must be a list, not a '
                         f'{type(vocabulary).__name__}.')
    classes = [
        tuple(item) if isinstance(item, (list, tuple)) else (item, )
        for item in vocabulary
    ]
    if not classes:
        raise ValueError('The vocabulary is empty; give at least one name.')
    seen = {}
    for number, synonyms in enumerate(classes):
        if not synonyms:
            raise ValueError(f'Class {number} of the vocabulary has no name.')
        for name in synonyms:
            if not isinstance(name, str) or not name.strip():
                raise ValueError(f'Class {number} of the vocabulary has the '
                                 f'name {name!r}; a name is a text that is '
                                 'not empty.')
            key = name.strip().lower()
            if key in seen:
                raise ValueError(
                    f'The name {name!r} stands twice in the vocabulary, in '
                    f'classes {seen[key]} and {number}; a pixel could not '
                    'tell them apart.')
            seen[key] = number
    return classes


def read_names(path: Path) -> list:
    """Names from a ``.json`` with a list, or from a text with one a line."""
    if path.suffix == '.json':
        return read_json(path)
    text = path.read_text(encoding='utf-8-sig')
    return [line.strip() for line in text.rstrip().splitlines()]


def read_embeddings(path: str | Path) -> Tensor:
    """Text embeddings (K, D) float32 from ``.npy``, ``.pt``, ``.safetensors``.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it holds anything but one matrix.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'The text embeddings {path} do not exist.')
    readers = {
        '.npy': lambda: torch.from_numpy(np.load(path, allow_pickle=False)),
        '.safetensors': lambda: load_file(path),
        '.pt': lambda: torch.load(path, map_location='cpu', weights_only=True)
    }
    readers['.pth'] = readers['.pt']
    if path.suffix not in readers:
        raise ValueError(f'{path}: text embeddings are read from .npy, .pt or '
                         '.safetensors.')
    try:
        value = readers[path.suffix]()
    except Exception as error:
        raise ValueError(f'{path} could not be read as text embeddings '
                         f'({type(error).__name__}).') from error
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if not isinstance(value, Tensor) or value.ndim != 2:
        found = ('a dict of ' + str(list(value)) if isinstance(value, dict)
                 else f'shape {tuple(getattr(value, "shape", ()))}')
        raise ValueError(f'{path} must hold one matrix (K, D); it holds '
                         f'{found}.')
    return value.float()
