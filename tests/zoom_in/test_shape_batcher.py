"""Batches of images of one shape: what runs together, and when."""

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_clsclip.zoom_in.shape_batcher import ShapeBatcher, View


def test_a_picture_of_one_channel_keeps_it():
    image, _ = ShapeBatcher(dict(type='Resize', scale=(8, 6))).resize(
        np.zeros((3, 4, 1), np.uint8)
    )
    assert image.shape == (6, 8, 1)


def test_regions_of_many_shapes_do_not_pile_up():
    taken, answered = [], []

    class Zeros:
        @staticmethod
        def test_step(data):
            return [
                SegDataSample(
                    seg_logits=PixelData(data=torch.zeros(1, *image.shape[1:]))
                )
                for image in data['inputs']
            ]

    def regions():
        for k in range(40):
            taken.append(k)
            yield View(k, np.zeros((k + 1, 9, 3), np.uint8), {})

    for key, logits, _ in ShapeBatcher([]).run(Zeros, regions(), 2):
        assert logits.shape == (1, key + 1, 9)
        answered.append(key)
        assert len(taken) - len(answered) < 4 * 2
    assert sorted(answered) == taken == list(range(40))
