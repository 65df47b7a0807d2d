"""The name of a CLIP in a checkpoint, by which another one is refused."""

from typing import Any

import torch
from torch import Tensor


def text_to_buffer(text: str) -> Tensor:
    """Write a text as ASCII (L,), uint8, as which it can stand in a checkpoint."""
    return torch.tensor(list(text.encode('ascii')), dtype=torch.uint8)


def buffer_to_text(buffer: Any) -> str:
    """Return the text in a tensor of :func:`text_to_buffer`, '' if there is none."""
    if not isinstance(buffer, Tensor) or buffer.ndim != 1 or buffer.is_floating_point():
        return ''
    try:
        text = bytes(buffer.tolist()).decode('ascii')
    except (TypeError, ValueError):  # complex, negative, above 255, not ASCII
        return ''
    return text if text.isprintable() else ''


def check_clip_name(stored: Any, built: Tensor) -> None:
    """Refuse what was trained on another CLIP.

    Args:
        stored: Of the checkpoint, ``architecture@fingerprint`` by
            :func:`text_to_buffer`.
        built (Tensor): Of the model.

    Raises:
        ValueError: If they differ, or the former is no name.
    """
    name = buffer_to_text(stored)
    if not name:
        raise ValueError(
            'The clip_name in the checkpoint is damaged: it is no text in ASCII, '
            f'as uint8 (L,), such as {buffer_to_text(built)}. Take a copy of the '
            'checkpoint as training wrote it.'
        )
    if name != buffer_to_text(built):
        raise ValueError(
            f'The checkpoint was trained on the CLIP {name}, the config '
            f'builds {buffer_to_text(built)}. Set architecture and pretrained of the '
            'backbone to the former (the part after @ is a fingerprint of the '
            'weights).'
        )
