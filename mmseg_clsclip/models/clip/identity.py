"""The name of a CLIP in a checkpoint, by which another one is refused."""

import torch
from torch import Tensor


def encode_clip_name(name: str) -> Tensor:
    """Write ``architecture@fingerprint`` as ASCII (L,), uint8."""
    return torch.tensor(list(name.encode('ascii')), dtype=torch.uint8)


def _decode(name: Tensor) -> str:
    return bytes(name.tolist()).decode('ascii')


def check_clip_name(stored: Tensor, built: Tensor) -> None:
    """Refuse what was trained on another CLIP.

    Args:
        stored (Tensor): Of the checkpoint, see :func:`encode_clip_name`.
        built (Tensor): Of the model.

    Raises:
        ValueError: If they differ.
    """
    if _decode(stored) != _decode(built):
        raise ValueError(
            f'The checkpoint was trained on the CLIP {_decode(stored)}, the config '
            f'builds {_decode(built)}. Set architecture and pretrained of the '
            'backbone to the former (the part after @ is a fingerprint of the '
            'weights).'
        )
