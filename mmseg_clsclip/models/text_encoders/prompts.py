"""What is read in place of a name: prompts, and templates around it."""

from collections.abc import Iterable, Mapping, Sequence

import open_clip
from mmseg.utils import get_classes

from .vocabulary import is_visible

# Prompt templates that have a name of their own.
_CLIP = tuple(t('{}') for t in open_clip.OPENAI_IMAGENET_TEMPLATES)
_SCENE = tuple(
    f'{start} {{}} in the scene.'
    for start in (
        'there is a',
        'there is the',
        'this is a',
        'this is the',
        'this is one',
    )
)
TEMPLATES = {'name': ('{}',), 'clip': _CLIP, 'maskclip': _CLIP + _SCENE}


def _spell_out(name: str) -> str:
    """Return a name of COCO-Stuff's in plain words.

    Its 'wall-brick' is a brick wall, 'wall-other' a wall.
    """
    head, tail = name.split('-', 1)
    return head if tail in ('other', 'stuff') else f'{tail} {head}'


# What odd names of data sets mean in plain words.
PLAIN_NAMES = {
    **{n: _spell_out(n) for n in get_classes('cocostuff') if '-' in n},
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
    """Return what is read in place of a name.

    Args:
        prompts (str | Mapping, optional): ``'plain'`` for :data:`PLAIN_NAMES`, or a
            text for each name that shall have another.

    Raises:
        ValueError: If it is neither, or a text is empty.
    """
    if prompts == 'plain':
        return PLAIN_NAMES
    if prompts is None:
        return {}
    if not isinstance(prompts, Mapping):
        raise ValueError(
            f"prompts={prompts!r}: 'plain', or a dict such as "
            "dict(tvmonitor='television')."
        )
    prompts = dict(prompts)
    for name, text in prompts.items():
        if not isinstance(text, str) or not is_visible(text):
            raise ValueError(
                f'The prompt of {name!r} is {text!a}; it must be '
                'a text with something to see in it.'
            )
    return prompts


def read_templates(templates: str | Sequence[str]) -> tuple[str, ...]:
    """Return the texts that a name is put into.

    Args:
        templates (str | Sequence[str]): One of :data:`TEMPLATES`, or texts
            that contain ``{}``.

    Raises:
        ValueError: If they are neither.
    """
    texts = TEMPLATES.get(templates) if isinstance(templates, str) else templates
    if not isinstance(texts, Iterable):
        raise ValueError(
            f'templates={templates!r}: write one of '
            f'{list(TEMPLATES)}, or a list of texts.'
        )
    texts = tuple(texts)
    wrong = [t for t in texts if not isinstance(t, str) or '{}' not in t]
    if wrong or not texts:
        raise ValueError(
            f'The templates {wrong} have no {{}} for the name to stand in.'
        )
    return texts
