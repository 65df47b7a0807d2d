"""What a checkpoint says of the model that it is of, beyond keys and sizes.

The CLIP, and the settings that change what the weights mean and leave no trace in
them. Buffers, which travel with the weights.
"""

import json
from collections.abc import MutableMapping
from typing import Any

from torch import nn

from ..clip.identity import buffer_to_text, check_clip_name, text_to_buffer

CLIP_NAME, SETTINGS = 'clip_name', 'trained_settings'
PARTS = 'backbone', 'text_encoder', 'decode_head'


def read_settings(segmentor: nn.Module) -> dict[str, Any]:
    """Return what the classes of a segmentor's parts name in ``TRAINED_SETTINGS``.

    Raises:
        ValueError: If an attribute is missing, or of no kind that JSON has.
    """
    settings = {
        f'{part}.{name}': _plain(part, module, name)
        for part in PARTS
        for module in [getattr(segmentor, part)]
        for kind in type(module).__mro__
        for name in vars(kind).get('TRAINED_SETTINGS', ())
    }
    return json.loads(json.dumps(settings))  # as they are read back


def _plain(part: str, module: nn.Module, name: str) -> Any:
    """Return an attribute that is the same in every process."""
    try:
        value = getattr(module, name)
        json.dumps(value)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f'{part}: TRAINED_SETTINGS of {type(module).__name__} names {name!r}: '
            f'{error}. Name attributes, in a tuple, that are texts, numbers, or lists '
            'of them.'
        ) from None
    return value


def check_settings(stored: Any, settings: dict[str, Any]) -> None:
    """Refuse what was trained with other settings.

    What one of the two does not name, as of another version, is not compared.

    Args:
        stored: Of the checkpoint, JSON by :func:`text_to_buffer`.
        settings (dict[str, Any]): Of the model, see :func:`read_settings`.

    Raises:
        ValueError: If they differ, or the former are none.
    """
    try:
        trained = dict(json.loads(buffer_to_text(stored)))
    except (RecursionError, TypeError, ValueError):
        raise ValueError(
            f'The {SETTINGS} in the checkpoint are damaged: they are no JSON in ASCII, '
            'as uint8 (L,). Take a copy of the checkpoint as training wrote it.'
        ) from None
    differing = [
        f'{key}={trained[key]}, the config has {value}'
        for key, value in settings.items()
        if trained.get(key, value) != value
    ]
    if differing:
        raise ValueError(
            f'The checkpoint was trained with {"; ".join(differing)}: its weights '
            'would mean something else. Take the config that it was trained with.'
        )


def sign_checkpoints(segmentor: nn.Module, clip_name: str) -> None:
    """Give a segmentor, all of whose parts are built, the two buffers.

    Where nothing is learned, no setting was trained.
    """
    learns = bool(segmentor.state_dict())
    segmentor.register_buffer(CLIP_NAME, text_to_buffer(clip_name))
    if learns:
        settings = json.dumps(read_settings(segmentor))
        segmentor.register_buffer(SETTINGS, text_to_buffer(settings))


def check_signature(
    segmentor: nn.Module, state_dict: MutableMapping, prefix: str
) -> None:
    """Check what a checkpoint says against the segmentor that loads it.

    Args:
        segmentor (nn.Module): Of :func:`sign_checkpoints`.
        state_dict (MutableMapping): Of the checkpoint. What a part of one, or an
            earlier version's, does not say is filled in.
        prefix (str): Of the segmentor's keys in it.

    Raises:
        ValueError: If it is of another CLIP, or of other settings.
    """
    key = prefix + CLIP_NAME
    if key in state_dict:
        check_clip_name(state_dict[key], segmentor.clip_name)
    elif segmentor.loads_a_part or len(segmentor.state_dict()) == 1:
        # Where there is nothing to train an empty checkpoint does.
        state_dict[key] = segmentor.clip_name
    own, key = getattr(segmentor, SETTINGS, None), prefix + SETTINGS
    if own is not None:
        if key in state_dict and not segmentor.loads_a_part:
            check_settings(state_dict[key], read_settings(segmentor))
        state_dict[key] = own
