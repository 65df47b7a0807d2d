"""Pictures whose padding is not taken off are refused: masks would be wrong."""

import copy

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmseg.apis import inference_model, init_model
from mmseg.registry import MODELS

from mmseg_clsclip.apis.configs import read_config
from mmseg_clsclip.models.segmentors.padding_check import (
    check_padding,
    has_hidden_padding,
)

LETTERBOXED = 'clsclip/clsclip_vit-b16_pascal-5i-480x480_fold0.py'
BOX = slice(40, 100), slice(10, 50)  # not in the middle


@pytest.fixture(scope='module')
def cfg(coarse_clip_json):
    cfg = read_config(LETTERBOXED)
    options = dict(architecture=coarse_clip_json, pretrained=None)
    cfg.merge_from_dict({f'model.backbone.{key}': options[key] for key in options})
    return cfg


def picture(size):
    img = np.full((*size, 3), 20, np.uint8)
    img[BOX] = 250
    return img


def sees_white(cfg):
    """Build a model whose logits are the picture itself."""
    model = init_model(cfg, device='cpu')
    model.encode_decode = lambda inputs, _: model._beside_background(
        inputs.mean(1, keepdim=True)
    )
    return model


@pytest.mark.parametrize('size', [(375, 500), (500, 375), (481, 479), (100, 130)])
def test_a_box_comes_back_where_it_was(cfg, size):
    labels = inference_model(sees_white(cfg), picture(size)).pred_sem_seg.data[0]
    box = torch.zeros(size, dtype=torch.bool)
    box[BOX] = True
    assert torch.equal(labels == 1, box)


@pytest.mark.parametrize(
    'test_cfg', [dict(size_divisor=32), dict(size=(512, 512))], ids=str
)
def test_pictures_that_are_padded_twice_are_refused(cfg, test_cfg):
    model = sees_white(cfg)
    model.data_preprocessor.test_cfg = test_cfg
    with pytest.raises(ValueError, match=r'padding_size=\(0, 0, 0, 120\).*test_cfg='):
        inference_model(model, picture((375, 500)))
    # A square is not padded, so that there is nothing to take off.
    labels = inference_model(model, picture((480, 480))).pred_sem_seg.data[0]
    assert labels.shape == (480, 480) and (labels[BOX] == 1).all()


@pytest.mark.parametrize('pad', ['Pad', 'RemovablePad'])
def test_padding_that_nobody_tells_of_is_refused(cfg, pad):
    model = sees_white(cfg)
    model.cfg = copy.deepcopy(cfg)
    steps = {step.type: step for step in model.cfg.test_pipeline}
    steps['RemovablePad'].type = pad
    if pad == 'RemovablePad':
        pack = steps['PackSegInputs']
        pack.meta_keys = [key for key in pack.meta_keys if key != 'padding_size']
    with pytest.raises(
        ValueError, match=r'padded a picture to \(480, 480\).*Removable'
    ):
        inference_model(model, picture((375, 500)))
    labels = inference_model(model, picture((240, 240))).pred_sem_seg.data[0]
    assert labels.shape == (240, 240)  # a square has none


@pytest.mark.parametrize(
    'shapes',
    [
        dict(pad_shape=(64, 96)),  # ResizeToMultiple: resized, not padded
        dict(pad_shape=(75, 100, 3), scale_factor=(0.2, 0.2)),
        dict(pad_shape=(375, 500, 3)),
        dict(pad_shape=(375, 500, 3), scale_factor=(0.5, 0.5)),  # a zoomed region
        dict(pad_shape=(480, 480, 3), padding_size=(0, 0, 0, 120)),
        dict(pad_shape=(750, 1000, 3), scale_factor=2.0),
        {},
    ],
    ids=str,
)
def test_what_is_not_padded_or_says_so_is_none(shapes):
    assert not has_hidden_padding(dict(ori_shape=(375, 500), **shapes))


def test_a_training_pads_as_it_likes(cfg):
    skipped = 'LoadImageFromFile', 'LoadAnnotations', 'MakeEpisode'
    steps = Compose([step for step in cfg.test_pipeline if step.type not in skipped])

    def batch():
        size = 37, 50
        sample = steps(dict(img=picture(size), img_shape=size, ori_shape=size))
        return pseudo_collate([sample])

    preprocessor = MODELS.build(
        dict(
            type='SegDataPreProcessor', size=(512, 512), test_cfg=dict(size_divisor=32)
        )
    )
    preprocessor.register_forward_pre_hook(check_padding)
    assert preprocessor(batch(), True)['inputs'].shape[2:] == (512, 512)
    with pytest.raises(ValueError, match='leave RemovablePad out'):
        preprocessor(batch(), False)
