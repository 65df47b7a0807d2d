"""Intersection over union in per cent, of classes that may have no pixel."""

from collections.abc import Iterable, Mapping

import numpy as np


def iou_in_percent(
    intersection: np.ndarray | int, union: np.ndarray | int
) -> np.ndarray:
    """Return the quotients in per cent, NaN where there is no pixel."""
    with np.errstate(invalid='ignore'):
        return np.divide(100 * intersection, union)


def mean_of_numbers(values: Iterable[float]) -> float:
    """Return the mean of what is a number, NaN if nothing is."""
    values = np.array([value for value in values if value == value])
    return float(values.mean()) if len(values) else float('nan')


def none_for_nan(iou_by_class: Mapping[str, float]) -> dict[str, float | None]:
    """Return the IoU of each class, None where there is no pixel."""
    return {
        name: float(value) if value == value else None
        for name, value in iou_by_class.items()
    }
