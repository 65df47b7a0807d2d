"""A picture with its labels painted over it."""

import cv2
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

# Of an overlay's longer side, in pixels.
MIN_SIDE, MAX_SIDE = 512, 2048
FILL = 0.45  # opacity inside an edge
UNKNOWN = 128  # grey, of labels beyond the palette, such as 255


def fit_sides(
    picture: np.ndarray, labels: np.ndarray, min_side: int = MIN_SIDE
) -> tuple[np.ndarray, np.ndarray]:
    """Bring picture (H, W, 3) and labels (H, W) to a size that shows edges.

    Small pictures keep their pixels, as squares; large ones are averaged.
    """
    sides = picture.shape[1::-1]
    longest = max(sides)
    scale = min(MAX_SIDE / longest, 1) if longest > min_side else min_side // longest
    size = [max(1, round(side * scale)) for side in sides]
    resample = Image.Resampling.NEAREST if scale > 1 else None
    return (
        np.asarray(Image.fromarray(picture).resize(size, resample)),
        cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST),
    )


def _near_border(labels: np.ndarray, width: int) -> np.ndarray:
    """Return where another label is at most ``width`` pixels away (H, W)."""
    window = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    return cv2.dilate(labels, window) != cv2.erode(labels, window)


def overlay_labels(
    picture: np.ndarray,
    labels: np.ndarray,
    palette: ArrayLike,
    background: bool = True,
    fill: float = FILL,
    min_side: int = MIN_SIDE,
) -> np.ndarray:
    """Paint labels over a picture, each with an edge in its own colour.

    What is inside shines through. A thin white line on the background sets the
    edge off, as the colour may be that of the thing itself.

    Args:
        picture (np.ndarray): (H, W, 3) uint8, RGB.
        labels (np.ndarray): (H, W), whole numbers from 0 to 32767.
        palette (ArrayLike): (K, 3), RGB of each label, 0 to 255; those beyond
            are grey.
        background (bool): Whether label 0 is left as it is.
        fill (float): Opacity inside the edges, 0 to 1.
        min_side (int): To which smaller pictures are enlarged, in pixels.

    Returns:
        np.ndarray: (h, w, 3) uint8, at most 2048 pixels on the longer side;
        smaller pictures are enlarged by the largest whole factor.
    """
    picture, labels = fit_sides(picture, np.int16(labels), min_side)
    number = max(len(palette), int(labels.max()) + 1)
    colours = np.full((number, 3), UNKNOWN, float)
    colours[: len(palette)] = palette
    width = max(2, round(max(labels.shape) / 200))
    opacity = np.where(_near_border(labels, width), 1, fill)
    if background:
        opacity[labels == 0] = 0
    opacity = opacity[..., None]
    painted = (1 - opacity) * picture + opacity * colours[labels]
    if background:
        painted[_near_border(labels, width // 2) & (labels == 0)] = 255
    return painted.round().astype(np.uint8)
