"""Labels of pixels."""

import numpy as np
import pytest

from mmseg_clsclip.datasets.masks import (
    check_classes,
    check_mask,
    eligible_labels,
    is_background,
)


def test_the_background_however_it_is_written():
    assert all(
        map(
            is_background, ('background', 'Background\t', 'Background ', '_background_')
        )
    )
    assert not is_background('playground')


def test_eligible_labels():
    areas = np.zeros(256, np.int64)
    areas[[0, 2, 3, 7, 255]] = 100, 2047, 2048, 1, 9999
    assert eligible_labels(areas, [7, 3, 2, 1]) == [7, 3, 2]
    assert eligible_labels(areas, [1, 2, 3], min_area=2048) == [3]
    assert eligible_labels(areas, [3], [4, 5], 2048) == [3]
    assert eligible_labels(areas, [3], [4, 7], 2048) == []


def test_a_mask_is_an_index_map():
    mask = np.array([[0, 20, 255], [20, 0, 0]], np.uint8)
    areas = check_mask(mask, 'x.png', 21)
    assert (areas[0], areas[20], areas[255], areas.sum()) == (3, 2, 1, 6)
    for wrong in (mask, mask.astype(np.uint16) * 15):
        with pytest.raises(
            ValueError,
            match=r'x\.png holds the value (20|300)'
            '; with 20 classes a label is 0 to 19, or 255',
        ):
            check_mask(wrong, 'x.png', 20)
    for value in (0.5, -2, float('nan')):
        with pytest.raises(
            ValueError,
            match=rf'x\.png holds the value {value}'
            ', and mmseg keeps 8 bits',
        ):
            check_mask(np.array([[0, value]]), 'x.png', 20)
    assert check_mask(np.array([[3.0, 255.0]]), 'x.png', 20)[3] == 1
    assert check_mask(np.array([[3, -1]]), 'x.png', 20)[255] == 1
    with pytest.raises(ValueError, match=r'x\.png is a colour picture'):
        check_mask(np.zeros((2, 3, 3), np.uint8), 'x.png', 21)


def test_a_class_stands_once_among_the_names():
    check_classes(['background', 'cat', 'dog'], 'X')
    with pytest.raises(ValueError, match="X has the class 'cat' as labels 1, 3: "):
        check_classes(['background', 'cat', 'dog', 'cat'], 'X')
