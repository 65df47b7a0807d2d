"""From the logits of what the model saw to those of the picture as it was."""

from collections.abc import Sequence

from mmseg.models.utils import resize
from torch import Tensor

# The logit of a class that was not asked for. Finite, so that sums and half
# precision stay finite; nought after a sigmoid or softmax.
ABSENT_LOGIT = -1e4
_FLIPPED_AXIS = {'horizontal': 2, 'vertical': 1}


def find_padding(meta: dict) -> Sequence[int]:
    """Return left, right, top and bottom padding, in pixels, of mmseg's metainfo."""
    return meta.get('img_padding_size', meta.get('padding_size', (0, 0, 0, 0)))


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


def find_asked(seg_logits: Tensor) -> list[Tensor | None]:
    """Find the channels that were asked in each picture.

    Args:
        seg_logits (Tensor): (N, C, H, W), ``ABSENT_LOGIT`` where a channel was not.

    Returns:
        list[Tensor | None]: Channels (k,) of each picture, None for all or none.
    """
    asked = seg_logits.flatten(2).amax(2) != ABSENT_LOGIT  # (N, C)
    numbers = asked.sum(1).tolist()
    channels = asked.nonzero()[:, 1].split(numbers)
    return [own if 0 < len(own) < asked.shape[1] else None for own in channels]


def restore_asked(
    logits: Tensor, asked: Tensor | None, meta: dict, align_corners: bool
) -> tuple[Tensor, Tensor]:
    """Restore the channels that were asked; the others stay ``ABSENT_LOGIT``.

    Args:
        logits (Tensor): Of an input (C, h, w). Of one alone, nought is the threshold.
        asked (Tensor, optional): Channels (k,), see :func:`find_asked`.
        meta (dict): See :func:`restore_logits`.
        align_corners (bool): Of the resize.

    Returns:
        tuple[Tensor, Tensor]: Logits (C, H, W) of the picture, and its labels
        (1, H, W) int64.
    """
    if asked is None:
        logits = restore_logits(logits, meta, align_corners)
        if len(logits) == 1:
            return logits, (logits > 0).long()
        # On a CPU torch's argmax of channels is up to twenty times as slow.
        return logits, logits.max(0, keepdim=True).indices
    part = restore_logits(logits[asked], meta, align_corners)
    restored = part.new_full((len(logits), *part.shape[1:]), ABSENT_LOGIT)
    restored[asked] = part
    return restored, asked[part.max(0, keepdim=True).indices]
