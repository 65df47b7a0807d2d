"""What may bring regions to another size: told by what it does."""

import random

import cv2
import mmseg.datasets.transforms  # noqa: F401  (registers)
import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from mmseg_clsclip.zoom_in.shape_batcher import ShapeBatcher

RESIZE = dict(type='Resize', scale=(48, 64))


class Mine(BaseTransform):
    """A resize of the user's own, which says nothing of it."""

    def transform(self, results):
        return dict(results, img=cv2.resize(results['img'], (40, 30)))


class Shifted(BaseTransform):
    """As large as it was, a few pixels further."""

    def transform(self, results):
        return dict(results, img=np.roll(results['img'], 9, axis=1))


class Swapped(BaseTransform):
    def transform(self, results):
        return dict(results, img=results['img'][..., ::-1])


class InFourTiles(BaseTransform):
    """Larger pictures are cut."""

    def transform(self, results):
        return dict(results, img=results['img'][:1000, :1000])


class Trimmed(BaseTransform):
    """A frame of some pixels is cut off."""

    def __init__(self, pixels):
        self.inner = slice(pixels, -pixels)

    def transform(self, results):
        return dict(results, img=results['img'][self.inner, self.inner])


class FlippedIf(BaseTransform):
    """Changed by what the picture shows."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def transform(self, results):
        flips = self.low < results['img'].mean() < self.high
        return dict(results, img=results['img'][:, :: -1 if flips else 1])


@pytest.fixture(autouse=True)
def registered():
    with_these = [Mine, Shifted, Swapped, InFourTiles, Trimmed, FlippedIf]
    for kind in with_these:
        TRANSFORMS.register_module(module=kind, force=True)
    yield
    for kind in with_these:
        del TRANSFORMS.module_dict[kind.__name__]


@pytest.mark.parametrize(
    'resize',
    [
        [],
        RESIZE,
        dict(RESIZE, keep_ratio=True),
        dict(type='Mine'),
        dict(type='Resize', scale_factor=1.5),
        dict(RESIZE, backend='pillow'),
        *[
            dict(type='Resize', scale=(side, side), interpolation=how)
            for side in (1, 7, 64, 900)
            for how in ('nearest', 'bilinear', 'bicubic', 'area', 'lanczos')
        ],
        dict(type='ResizeToMultiple', size_divisor=32),
        dict(type='ResizeShortestEdge', scale=64, max_size=640),
        [RESIZE, dict(type='Resize', scale=(20, 20)), dict(type='Pad', size=(64, 64))],
        dict(type='Pad', size_divisor=32),
        dict(type='Pad', size=(16, 16)),
        [RESIZE, dict(type='Pad', size=(70, 90), padding_mode='reflect')],
    ],
)
def test_resizes_whatever_they_are_called(resize):
    batcher = ShapeBatcher(resize)
    for size in ((1200, 900), (1, 5), (33, 2000)):
        image, _ = batcher.resize(np.zeros((*size, 3), np.uint8))
        assert image.shape[:2] == batcher.get_protocol(size)['img_shape']


@pytest.mark.parametrize(
    'wrong',
    [
        dict(type='RandomCrop', crop_size=(32, 32)),
        dict(type='CenterCrop', crop_size=(32, 32)),
        dict(type='RandomFlip', prob=0.01),
        dict(type='PhotoMetricDistortion'),
        dict(type='Normalize', mean=[100.0] * 3, std=[50.0] * 3),
        dict(type='RandomRotate', prob=0.01, degree=1),
        dict(type='Rerange'),
        dict(type='RandomResize', scale=(64, 64), ratio_range=(0.9, 1.1)),
        dict(type='RandomChoiceResize', scales=[(32, 32), (64, 64)]),
        dict(type='CLAHE'),
        dict(type='AdjustGamma', gamma=1.2),
        dict(type='RGB2Gray'),
        dict(type='RGB2Gray', out_channels=3),
        dict(type='RandomCutOut', prob=0.01, n_holes=1, cutout_shape=(3, 3)),
        dict(type='Shifted'),
        dict(type='Swapped'),
        dict(type='Trimmed', pixels=5),
        dict(type='Trimmed', pixels=2),
        dict(type='FlippedIf', low=150, high=255),
        dict(type='FlippedIf', low=0, high=80),
        dict(type='FlippedIf', low=80, high=150),
        dict(type='BAMLetterbox', size=64),
        dict(type='PackSegInputs'),
        dict(type='LoadAnnotations'),
        dict(type='LoadImageFromFile'),
    ],
)
def test_what_does_more_is_refused_at_once_and_draws_nothing(wrong):
    def drawn():
        return (random.getstate(), np.random.rand(), float(torch.rand(1)))

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    expected = drawn()
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    with pytest.raises(
        ValueError,
        match=f'resize: {wrong["type"]} c.* Use '
        'Resize and its like, and Pad after them',
    ):
        ShapeBatcher([RESIZE, wrong])
    assert drawn() == expected


def test_what_shows_on_larger_pictures_alone_is_refused_there():
    batcher = ShapeBatcher(dict(type='InFourTiles'))
    for size in ((900, 700), (1000, 1000)):
        batcher.resize(np.zeros((*size, 3), np.uint8))
    with pytest.raises(ValueError, match='InFourTiles cannot be undone'):
        batcher.resize(np.zeros((1300, 10, 3), np.uint8))
