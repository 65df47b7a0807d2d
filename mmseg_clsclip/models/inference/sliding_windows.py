"""Windows that cover a picture, as mmseg lays them."""

from collections.abc import Mapping
from itertools import pairwise, product

Window = tuple[slice, slice]  # rows and columns
FULL_WINDOW: Window = (slice(None), slice(None))


def sliding_windows(
    size: tuple[int, int], crop: tuple[int, int], stride: tuple[int, int]
) -> list[Window]:
    """Lay windows over a picture.

    Args:
        size (tuple[int]): Height and width of the picture.
        crop (tuple[int]): Of a window.
        stride (tuple[int]): From a window to the next; the last ones end at
            the picture's edge.

    Raises:
        ValueError: If they leave pixels out.
    """
    sides = [
        [
            slice(max(0, min(at, whole - part)), min(at + part, whole))
            for at in range(0, max(whole - part + step, 1), step)
        ]
        for whole, part, step in zip(size, crop, stride)
    ]
    if any(b.start > a.stop for side in sides for a, b in pairwise(side)):
        raise ValueError(
            f'Windows of crop_size={tuple(crop)}, stride={tuple(stride)} '
            f'apart, leave pixels of a picture of {tuple(size)} out. Set the '
            "test_cfg's stride to at most its crop_size."
        )
    return list(product(*sides))


def windows_of(test_cfg: Mapping, size: tuple[int, int]) -> list[Window]:
    """Return the windows of a picture of this height and width by a test_cfg."""
    if test_cfg['mode'] != 'slide':
        return [FULL_WINDOW]
    return sliding_windows(size, test_cfg['crop_size'], test_cfg['stride'])
