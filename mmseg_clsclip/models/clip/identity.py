"""The name of a CLIP in a checkpoint, by which another one is refused."""

from typing import Any

import torch
from torch import Tensor


def encode_clip_name(name: str) -> Tensor:
    """Write ``architecture@fingerprint`` as ASCII (L,), uint8."""
    return torch.tensor(list(name.encode('ascii')), dtype=torch.uint8)


def _decode(name: Any) -> str:
    """Return the name in a tensor, '' if there is none."""
    if not isinstance(name, Tensor) or name.ndim != 1 or name.is_floating_point():
        return ''
    try:
        text = bytes(name.tolist()).decode('ascii')
    except (TypeError, ValueError):  # complex, negative, above 255, not ASCII
        return ''
    return text if text.isprintable() else ''


def check_clip_name(stored: Any, built: Tensor) -> None:
    """Refuse what was trained on another CLIP.

    Args:
        stored: Of the checkpoint, see :func:`encode_clip_name`.
        built (Tensor): Of the model.

    Raises:
        ValueError: If they differ, or the former is no name.
    """
    name = _decode(stored)
    if not name:
        raise ValueError(
            'The clip_name in the checkpoint is damaged: it is no text in ASCII, '
            f'as uint8 (L,), such as {_decode(built)}. Take a copy of the '
            'checkpoint as training wrote it.'
        )
    if name != _decode(built):
        raise ValueError(
            f'The checkpoint was trained on the CLIP {name}, the config '
            f'builds {_decode(built)}. Set architecture and pretrained of the '
            'backbone to the former (the part after @ is a fingerprint of the '
            'weights).'
        )
