"""Names of labels, written where the labels are."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw

from .fonts import load_font

LEAST_SHARE = 0.001  # of a picture, of what gets a tag


def is_dark(colour: ArrayLike) -> bool:
    """Return whether white is read better than black on a colour, RGB from 0 to 1."""
    return float(np.dot(colour, (0.299, 0.587, 0.114))) < 0.5  # ITU-R BT.601


def write_names(
    painted: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    palette: Sequence,
    background: bool = True,
) -> np.ndarray:
    """Write the name of every label into it, or above it where it is too small.

    Args:
        painted (np.ndarray): (h, w, 3) uint8, of :func:`overlay_labels`.
        labels (np.ndarray): (H, W), of any size of the same shape; those beyond
            the classes have no name, and neither has less than a thousandth of the
            picture.
        classes (Sequence[str]): The names.
        palette (Sequence): RGB of each, 0 to 255.
        background (bool): Whether label 0 has no tag.

    Returns:
        np.ndarray: (h, w, 3) uint8.
    """
    height, width = painted.shape[:2]
    image = Image.fromarray(painted)
    draw = ImageDraw.Draw(image)
    size = max(12, round(max(height, width) / 40))
    font, pad = load_font(size), size // 4
    scale = width / labels.shape[1]
    areas = np.bincount(labels.ravel(), minlength=len(classes))[: len(classes)]
    areas[: int(background)] = 0
    for label in np.flatnonzero(areas > LEAST_SHARE * labels.size).tolist():
        region = np.pad(np.uint8(labels == label), 1)
        depth = scale * cv2.distanceTransform(region, cv2.DIST_L2, 3)[1:-1, 1:-1]
        row, column = np.unravel_index(depth.argmax(), labels.shape)  # the innermost
        x, y = (column + 0.5) * scale, (row + 0.5) * scale
        name = ' '.join(classes[label].split())
        w, h = font.getlength(name) / 2 + pad, size / 2 + pad
        if depth[row, column] < w:
            y -= depth[row, column] + h + pad
        x = min(max(x, w), max(width - w, w))
        y = min(max(y, h), max(height - h, h))
        colour = tuple(map(int, palette[label]))
        draw.rectangle((x - w, y - h, x + w, y + h), colour)
        ink = 'white' if is_dark(np.divide(colour, 255)) else 'black'
        draw.text((x, y), name, ink, font, anchor='mm')
    return np.asarray(image)
