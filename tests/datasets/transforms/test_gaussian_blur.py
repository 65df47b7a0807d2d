"""The blur against the sum that it is."""

import cv2
import numpy as np
import pytest
from mmseg.registry import TRANSFORMS

import mmseg_clsclip  # noqa: F401


def test_it_is_the_weighted_mean_of_25_pixels():
    picture = np.random.RandomState(0).randint(0, 256, (20, 30, 3)).astype(np.uint8)
    labels = np.arange(600).reshape(20, 30).astype(np.uint8)
    blur = TRANSFORMS.build(dict(type='GaussianBlur', kernel_size=5))
    found = blur(dict(img=picture.copy(), gt_seg_map=labels.copy()))
    assert np.array_equal(found['gt_seg_map'], labels)
    assert np.array_equal(found['img'], cv2.GaussianBlur(picture, (5, 5), 0))
    weights = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    windows = np.lib.stride_tricks.sliding_window_view(picture, (5, 5), (0, 1))
    expected = (windows * weights).sum((-2, -1))
    assert np.abs(found['img'][2:-2, 2:-2] - expected).max() <= 0.5


@pytest.mark.parametrize('size', [0, 4, -3, 2.5, '5', None])
def test_a_kernel_that_is_none(size):
    with pytest.raises(ValueError, match='kernel_size=.*: write an odd number of pix'):
        TRANSFORMS.build(dict(type='GaussianBlur', kernel_size=size))
