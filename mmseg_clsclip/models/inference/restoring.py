"""From the logits of what the model saw to those of the picture as it was."""

from mmseg.models.utils import resize
from torch import Tensor

from ..presence.clip_presence import find_padding

_FLIPPED_AXIS = {'horizontal': 2, 'vertical': 1}


def restore_logits(logits: Tensor, meta: dict, align_corners: bool) -> Tensor:
    """Undo padding, flip and resize, as mmseg's ``postprocess_result`` does.

    Args:
        logits (Tensor): Of an input (C, h, w).
        meta (dict): mmseg's metainfo of the picture, with ``ori_shape``.
        align_corners (bool): Of the resize.

    Returns:
        Tensor: Of the picture (C, H, W).

    Raises:
        KeyError: If the flip is neither horizontal nor vertical.
    """
    left, right, top, bottom = find_padding(meta)
    height, width = logits.shape[1:]
    logits = logits[:, top : height - bottom, left : width - right]
    if meta.get('flip'):
        logits = logits.flip(_FLIPPED_AXIS[meta['flip_direction']])
    return resize(
        logits[None],
        size=meta['ori_shape'],
        mode='bilinear',
        align_corners=align_corners,
        warning=False,
    )[0]
