"""A check that transforms resize and pad, and do nothing else."""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from mmcv.transforms import Pad


class _Ramp(NamedTuple):
    """Values of a picture that show where its pixels are.

    Attributes:
        first (int): Of the first column, and of the first row.
        last (int): Of the last ones.
        flat (int): Of the channel that is the same everywhere.
    """

    first: int
    last: int
    flat: int


# No end is 0 or 255, so that a stretch of the contrast shows. What is done to some
# pictures alone, by how bright they are, shows on one of these.
RAMPS = _Ramp(40, 200, 100), _Ramp(250, 200, 230), _Ramp(5, 55, 25)
ADVICE = (
    'Use Resize and its like, and Pad after them; what changes colours '
    'belongs into the test pipeline.'
)


def _slope(ramp: _Ramp, pixels: int, original: int) -> np.ndarray:
    """Return the ramp (pixels, ) of a side that had ``original`` pixels."""
    position = (np.arange(pixels) + 0.5) * original / pixels - 0.5
    share = position.clip(0, original - 1) / max(original - 1, 1)
    return ramp.first + (ramp.last - ramp.first) * share


def _draw(ramp: _Ramp, size: tuple[int, int]) -> np.ndarray:
    """Return a picture (H, W, 3) uint8 whose pixels show where they are."""
    height, width = size
    image = np.full((*size, 3), ramp.flat, np.uint8)
    image[..., 0] = _slope(ramp, width, width).round()
    image[..., 1] = _slope(ramp, height, height).round()[:, None]
    return image


def _is_resized(image: np.ndarray, ramp: _Ramp, original: tuple[int, int]) -> bool:
    """Return whether a picture is the ramp of a size, however resized."""
    if image.ndim != 3 or image.shape[2] != 3:
        return False
    size = image.shape[:2]
    # Some of the pixels show it; a picture may be large.
    rows, columns = (slice(None, None, max(1, side // 500)) for side in size)
    y, x = (_slope(ramp, *sides) for sides in zip(size, original))
    # The nearest pixel can be one off, and half of one of the resized; values are
    # rounded, and a kernel may ring.
    slack = 1.5 + max(
        abs(ramp.last - ramp.first) / max(side - 1, 1) * (1 + 0.5 * side / pixels)
        for pixels, side in zip(size, original)
    )
    return all(
        (abs(channel - expected) <= slack).all()
        for channel, expected in zip(
            image[rows, columns].astype(float).transpose(2, 0, 1),
            (x[columns], y[rows, None], ramp.flat),
        )
    )


class _RandomStates:
    """States of the random streams that transforms draw from."""

    def __init__(self):
        self.python = random.getstate()
        self.numpy = np.random.get_state()
        self.torch = torch.get_rng_state()

    def have_changed(self) -> bool:
        """Return whether a number was drawn since."""
        now = _RandomStates()
        return not (
            now.python == self.python
            and str(now.numpy) == str(self.numpy)
            and torch.equal(now.torch, self.torch)
        )

    def restore(self) -> None:
        """Set the streams to these states."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(self.torch)


def require_undoable(transforms: Sequence[Callable], size: tuple[int, int]) -> None:
    """Refuse transforms whose effect a resize of the logits cannot undo.

    They are tried, since a resize of the user's own does as well as mmcv's.

    Args:
        transforms (Sequence[Callable]): Of mmseg's pipelines, built.
        size (tuple[int, int]): Height and width of the picture to try.

    Raises:
        ValueError: If one crops, flips, changes colours, draws a random
            number, pads before another or elsewhere than at the right and the
            bottom, or cannot be run on a picture alone.
    """
    for ramp in RAMPS:
        _try_transforms(transforms, ramp, size)


def _try_transforms(
    transforms: Sequence[Callable], ramp: _Ramp, size: tuple[int, int]
) -> None:
    """Refuse the transforms if they do more than resize a ramp of a size."""
    results, padded, original = dict(ori_shape=size), False, size
    for transform in transforms:
        name = type(transform).__name__
        before = results['img_shape'] = size
        results['img'] = _draw(ramp, size)
        states = _RandomStates()
        try:
            results = transform(results)
            image = np.asarray(results['img'])
        except Exception as error:  # whatever a transform can raise
            raise ValueError(
                f'resize: {name} could not be run on a picture of {size} '
                f'({type(error).__name__}: {error}). {ADVICE}'
            ) from error
        finally:
            drew = states.have_changed()
            states.restore()
        size, pads = image.shape[:2], isinstance(transform, Pad)
        if pads:
            image = image[: before[0], : before[1]]
        if (
            drew
            or (padded and not pads)
            or not _is_resized(image, ramp, before)
            or results.get('ori_shape') != original
        ):
            raise ValueError(f'resize: {name} cannot be undone by resizing. {ADVICE}')
        padded |= pads
