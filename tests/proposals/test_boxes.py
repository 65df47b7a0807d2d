"""Boxes around masks and windows around boxes, in whole pixels."""

import numpy as np
import pytest
import torch

from mmseg_clsclip.proposals import component_boxes, crop_windows


def windows(box, size=(60, 80), **kwargs):
    return crop_windows(torch.tensor([box]).float(), size, **kwargs)[0].tolist()


def test_every_connected_part_has_a_box():
    mask = np.zeros((20, 30), bool)
    mask[2:5, 3:7] = True
    mask[5, 7] = True  # by a corner
    mask[10:20, 29] = True
    mask[0, 0] = True
    boxes, scores = component_boxes(mask, min_area=2)
    assert boxes.tolist() == [[3, 2, 8, 6], [29, 10, 30, 20]]
    assert scores.tolist() == [1, 1]
    assert component_boxes(np.zeros((4, 4), bool))[0].shape == (0, 4)


def test_a_part_scores_the_mean_of_its_weights():
    weights = np.zeros((10, 10), np.float32)
    weights[1:3, 1:3] = [[0.4, 0.6], [0.5, 0.9]]
    weights[7, 2:9] = 0.8
    boxes, scores = component_boxes(weights > 0.3, weights=weights)
    assert len(boxes) == 2
    assert scores.tolist() == pytest.approx([0.6, 0.8])
    boxes, scores = component_boxes(weights >= 0, weights=weights)
    assert boxes.tolist() == [[0, 0, 10, 10]]
    assert scores.tolist() == pytest.approx([0.08])


@pytest.mark.parametrize(
    'box, kwargs, expected',
    [
        ((10, 10, 30, 20), dict(margin=0), [10, 10, 30, 20]),
        ((10, 10, 30, 20), dict(margin=0.1), [8, 9, 32, 21]),
        ((10.2, 10.7, 29.5, 19.1), dict(margin=0), [10, 10, 30, 20]),
        # The margin ends at the border.
        ((0, 50, 80, 60), dict(margin=0.5), [0, 45, 80, 60]),
        # One pixel, alone and with company.
        ((7, 9, 8, 10), dict(margin=0), [7, 9, 8, 10]),
        ((79, 59, 80, 60), dict(margin=0), [79, 59, 80, 60]),
        ((7, 9, 7.01, 9.01), dict(margin=0), [7, 9, 8, 10]),
        ((7, 9, 8, 10), dict(margin=0, min_size=5), [5, 7, 10, 12]),
        # At the border a window moves in instead of shrinking.
        ((79, 0, 80, 1), dict(margin=0, min_size=16), [64, 0, 80, 16]),
        ((10, 10, 40, 20), dict(margin=0, square=True), [10, 0, 40, 30]),
        ((0, 0, 80, 10), dict(margin=0, square=True), [0, 0, 80, 60]),
        ((3, 3, 4, 4), dict(margin=0, min_size=500), [0, 0, 80, 60]),
    ],
)
def test_windows(box, kwargs, expected):
    assert windows(box, **kwargs) == expected


def test_windows_of_any_boxes_lie_in_the_picture():
    low = torch.rand(2000, 2) * torch.tensor([80.0, 60.0])
    high = low + torch.rand(2000, 2) * (torch.tensor([80.0, 60.0]) - low)
    boxes = torch.cat([low, high.maximum(low + 1e-3)], 1)
    for square in (False, True):
        x1, y1, x2, y2 = crop_windows(boxes, (60, 80), 0.1, 7, square).T
        assert (0 <= x1).all() and (x2 <= 80).all()
        assert (0 <= y1).all() and (y2 <= 60).all()
        assert (x2 - x1 >= 7).all() and (y2 - y1 >= 7).all()
        assert (x1 <= boxes[:, 0]).all() and (y2 + 0.01 >= boxes[:, 3]).all()
    assert crop_windows(torch.zeros(0, 4), (60, 80)).shape == (0, 4)


def test_a_margin_beyond_all_numbers_is_the_whole_picture():
    box = torch.tensor([[3.0, 4, 8, 9]])
    for margin in (100.0, 1e30, 1e308):
        assert crop_windows(box, (20, 30), margin).tolist() == [[0, 0, 30, 20]]
