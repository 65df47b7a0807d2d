"""Values of data sets' arguments, and words about wrong ones."""

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS


def is_whole(value: Any, low: float = -math.inf, high: float = math.inf) -> bool:
    """Whether it is a whole number of a range, its ends included."""
    return (
        isinstance(value, Integral)
        and not isinstance(value, bool)
        and low <= value <= high
    )


def check_area(value: Any) -> None:
    """``min_area`` is a number of pixels.

    Raises:
        ValueError: If it is not.
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, Real)
        or not (0 <= value < math.inf)
    ):
        raise ValueError(f'min_area={value!r}: a number of pixels, 0 or more.')


def check_seed(value: Any) -> None:
    """``seed`` is one of numpy's.

    Raises:
        ValueError: If it is not.
    """
    try:
        np.random.RandomState(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f'seed={value!r}: a whole number from 0 to 2**32 - 1, or None.'
        ) from error


def check_suffixes(dataset: Any) -> None:
    """mmseg's data sets know one suffix of pictures and one of masks.

    With several they look for masks of other names, or fail in an addition.

    Args:
        dataset (Any): Config of a data set, in whatever wrappers.

    Raises:
        ValueError: If there is another number.
    """
    if not hasattr(dataset, 'get'):
        return
    inner = dataset.get('datasets') or [dataset.get('dataset')]
    for one in inner if isinstance(inner, (list, tuple)) else ():
        check_suffixes(one)
    kind = dataset.get('type')
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    own = getattr(kind, 'load_data_list', None)
    for key in ('img_suffix', 'seg_map_suffix'):
        given = dataset.get(key, '')
        if not isinstance(given, str) and (own is BaseSegDataset.load_data_list):
            raise ValueError(
                f'{key}={given!r}: mmseg takes one text. Give each suffix a '
                'data set of its own, and join them by ConcatDataset.'
            )
