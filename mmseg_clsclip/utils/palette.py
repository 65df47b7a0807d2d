"""The one palette of all drawings: colours as far apart as the eye tells them."""

from functools import lru_cache

import cv2
import numpy as np

# Of CIELAB: neither lost in shadow or in light, nor grey.
LIGHTNESS, MIN_CHROMA = (45, 80), 20
FIRST = (255, 0, 255)  # what photographs have least of
BACKGROUND = [0, 0, 0]


@lru_cache
def _order(number: int) -> np.ndarray:
    """Return colours, each the farthest from those before it, (number, 3)."""
    steps = np.arange(0, 256, 17)
    grid = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
    lab = cv2.cvtColor(np.float32(grid)[None] / 255, cv2.COLOR_RGB2LAB)[0]
    fits = (lab[:, 0] >= LIGHTNESS[0]) & (lab[:, 0] <= LIGHTNESS[1])
    fits &= np.hypot(lab[:, 1], lab[:, 2]) >= MIN_CHROMA
    grid, lab = grid[fits], lab[fits]
    chosen = [int((grid == FIRST).all(1).argmax())]
    distance = np.full(len(grid), np.inf)
    for _ in range(min(number, len(grid)) - 1):
        new = np.linalg.norm(lab - lab[chosen[-1]], axis=1)
        distance = np.minimum(distance, new)
        chosen.append(int(distance.argmax()))
    return np.resize(grid[chosen], (number, 3))


def distinct_colours(number: int, background: bool = False) -> list[list[int]]:
    """Choose colours that are told apart, the first ones best.

    Each is the one farthest from those before it in CIELAB, of a coarse grid
    of medium lightness. More classes do not change the colours of the first.

    Args:
        number (int): Of labels; beyond some 2000 colours come again.
        background (bool): Whether label 0 is black, which is not painted.

    Returns:
        list[list[int]]: RGB of every label, 0 to 255.
    """
    colours = _order(max(number - background, 1)).tolist()
    return ([BACKGROUND] * background + colours)[:number]
