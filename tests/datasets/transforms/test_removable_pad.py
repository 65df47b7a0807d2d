"""Padding that mmseg takes off again."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmseg.registry import TRANSFORMS
from mmseg.structures import SegDataSample

from mmseg_clsclip.models.inference.restoring import restore_logits

MEAN = (104, 117, 123)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmseg')


def prepare(size, flip=False):
    img = np.random.RandomState(0).randint(0, 256, (*size, 3)).astype(np.uint8)
    steps = Compose(
        [
            dict(type='RandomFlip', prob=float(flip)),
            dict(type='Resize', scale=(48, 48), keep_ratio=True),
            dict(type='RemovablePad', size=(48, 48), pad_val=dict(img=MEAN)),
        ]
    )
    return steps(dict(img=img, img_shape=size, ori_shape=size))


@pytest.mark.parametrize('size, inner', [((60, 80), (36, 48)), ((90, 60), (48, 32))])
@pytest.mark.parametrize('flip', [False, True])
def test_the_logits_are_of_the_picture_alone(size, inner, flip):
    results = prepare(size, flip)
    height, width = inner
    assert results['img'].shape == (48, 48, 3)
    assert results['padding_size'] == (0, 48 - width, 0, 48 - height)
    assert results['geometry'] == 'letterbox'
    outside = np.ones((48, 48), bool)
    outside[:height, :width] = False
    assert (results['img'][outside] == MEAN).all()
    # What ours takes off is what mmseg's own segmentors do.
    from mmseg.models.segmentors import BaseSegmentor

    logits = torch.randn(2, 48, 48)
    meta = {key: results.get(key) for key in ('ori_shape', 'padding_size')}
    meta.update(flip=flip, flip_direction=results.get('flip_direction'))
    model = type('Model', (), dict(align_corners=False))()
    mmsegs = BaseSegmentor.postprocess_result(
        model, logits[None], [SegDataSample(metainfo=meta)]
    )[0].seg_logits.data
    expected = logits[:, :height, :width]
    expected = expected.flip(2) if flip else expected
    expected = F.interpolate(expected[None], size=size, mode='bilinear')[0]
    assert torch.equal(restore_logits(logits, meta, False), expected)
    assert torch.equal(mmsegs, expected)


@pytest.mark.parametrize('size', [20, '480', (0, 5), (48,)], ids=str)
def test_a_size_is_width_and_height(size):
    with pytest.raises((TypeError, ValueError), match='size'):
        TRANSFORMS.build(dict(type='RemovablePad', size=size, pad_val=dict(img=MEAN)))


def test_a_larger_picture_is_not_passed_on():
    pad = TRANSFORMS.build(
        dict(type='RemovablePad', size=(20, 10), pad_val=dict(img=MEAN))
    )
    with pytest.raises(ValueError, match='40 x 30 is larger. Put Resize'):
        pad(dict(img=np.zeros((30, 40, 3), np.uint8)))
