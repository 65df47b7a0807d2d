"""Labels of pixels: what a mask may hold, and which of them are asked for."""
from collections.abc import Sequence

import numpy as np

IGNORE = 255


def is_background(name: str) -> bool:
    """Whether a class is the background; some data sets write Background."""
    return name.strip().lower() == 'background'


def check_mask(labels: np.ndarray, path: str, num_classes: int) -> np.ndarray:
    """Pixels of every label in a mask, which must be an index map.

    Args:
        labels (np.ndarray): (H, W) integers; mmseg squeezes a single row.
        path (str): For the message.
        num_classes (int): Labels are 0 to ``num_classes - 1`` or 255.

    Returns:
        np.ndarray: (256,) int64.

    Raises:
        ValueError: If it is a colour picture or holds another value.
    """
    if labels.ndim > 2:
        raise ValueError(
            f'{path} is a colour picture {labels.shape}; a mask is an index '
            'map (H, W) whose values are the labels, such as the PNG files of '
            'SegmentationClassAug. Convert the colours to labels first.')
    areas = np.bincount(labels.ravel(), minlength=256)
    strange = np.flatnonzero(areas[num_classes:IGNORE]) + num_classes
    strange = [*strange, *(np.flatnonzero(areas[256:]) + 256)]
    if strange:
        raise ValueError(
            f'{path} holds the value {strange[0]}; with {num_classes} classes '
            f'a label is 0 to {num_classes - 1}, or 255 for ignored pixels.')
    return areas


def eligible_labels(areas: np.ndarray,
                    asked: Sequence[int],
                    dropped: Sequence[int] = (),
                    min_area: int = 1) -> list[int]:
    """Labels that one picture gives an episode for.

    Args:
        areas (np.ndarray): Pixels of every label (256,).
        asked (Sequence[int]): Labels that may be asked for.
        dropped (Sequence[int]): Labels whose mere presence, in however few
            pixels, leaves the picture out.
        min_area (int): Pixels that a label must cover.

    Returns:
        list[int]: In the order of ``asked``.
    """
    if areas[list(dropped)].any():
        return []
    return [k for k in asked if areas[k] >= min_area]
