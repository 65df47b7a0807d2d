"""Which transforms bring a region to another size and do nothing else."""

import random
from collections.abc import Callable, Sequence

import numpy as np
import torch
from mmcv.transforms import Pad

# Neither end is 0 or 255, so that a stretch of the contrast shows.
LOW, HIGH, FLAT = 40, 200, 100
USE = (
    'Use Resize and its like, and Pad after them; what changes colours '
    'belongs into the test pipeline.'
)


def _slope(number: int, whole: int) -> np.ndarray:
    """Values (number, ) of a side that was ``whole`` pixels long."""
    at = (np.arange(number) + 0.5) * whole / number - 0.5
    return LOW + (HIGH - LOW) / max(whole - 1, 1) * at.clip(0, whole - 1)


def _ramp(size: tuple[int, int]) -> np.ndarray:
    """A picture (H, W, 3) uint8 of which every pixel says where it is."""
    height, width = size
    image = np.full((*size, 3), FLAT, np.uint8)
    image[..., 0] = _slope(width, width).round()
    image[..., 1] = _slope(height, height).round()[:, None]
    return image


def _is_resized(image: np.ndarray, whole: tuple[int, int]) -> bool:
    """Whether a picture is the ramp of a size, resized in whatever way."""
    if image.ndim != 3 or image.shape[2] != 3:
        return False
    size = image.shape[:2]
    # Some of the pixels show it; a picture may be large.
    rows, columns = (slice(None, None, max(1, n // 500)) for n in size)
    y, x = map(_slope, size, whole)
    # The nearest pixel can be one off, in the larger of both.
    slack = 1 + max(
        (HIGH - LOW) / max(side - 1, 1) * (1 + side / number)
        for number, side in zip(size, whole)
    )
    return all(
        (abs(channel - want) <= slack).all()
        for channel, want in zip(
            image[rows, columns].astype(float).transpose(2, 0, 1),
            (x[columns], y[rows, None], FLAT),
        )
    )


class _Streams:
    """The random streams that transforms draw from, as they are now."""

    def __init__(self):
        self.python = random.getstate()
        self.numpy = np.random.get_state()
        self.torch = torch.get_rng_state()

    def moved(self) -> bool:
        """Whether a number was drawn since."""
        now = _Streams()
        return not (
            now.python == self.python
            and str(now.numpy) == str(self.numpy)
            and torch.equal(now.torch, self.torch)
        )

    def restore(self) -> None:
        """Go back to it."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(self.torch)


def require_undoable(transforms: Sequence[Callable], size: tuple[int, int]) -> None:
    """Refuse transforms whose effect a resize of the answer cannot undo.

    They are tried, since a resize of the user's own does as well as mmcv's.

    Args:
        transforms (Sequence[Callable]): Of mmseg's pipelines, built.
        size (tuple[int, int]): Height and width of the picture to try.

    Raises:
        ValueError: If one crops, flips, changes colours, draws a random
            number, pads before another or elsewhere than at the right and the
            bottom, or cannot be run on a picture alone.
    """
    results, padded, original = dict(ori_shape=size), False, size
    for transform in transforms:
        name = type(transform).__name__
        before = results['img_shape'] = size
        results['img'] = _ramp(size)
        streams = _Streams()
        try:
            results = transform(results)
            image = np.asarray(results['img'])
        except Exception as error:  # whatever a transform can raise
            raise ValueError(
                f'resize: {name} could not be run on a picture of {size} '
                f'({type(error).__name__}: {error}). {USE}'
            ) from error
        finally:
            drawn = streams.moved()
            streams.restore()
        size, pads = image.shape[:2], isinstance(transform, Pad)
        if pads:
            image = image[: before[0], : before[1]]
        if (
            drawn
            or (padded and not pads)
            or not _is_resized(image, before)
            or results.get('ori_shape') != original
        ):
            raise ValueError(f'resize: {name} cannot be undone by resizing. {USE}')
        padded |= pads
