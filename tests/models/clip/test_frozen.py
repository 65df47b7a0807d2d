"""Frozen parts do not learn, do not travel and are not reported missing."""

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModule
from mmengine.runner import load_checkpoint
from mmengine.runner.checkpoint import load_state_dict
from mmseg.registry import MODELS
from torch import nn

from mmseg_clsclip.models.clip.frozen import Frozen
from mmseg_clsclip.utils.checkpoint import load_strictly
from mmseg_clsclip.utils.config_files import configs_folder


def build():
    return nn.Sequential(
        Frozen(nn.Sequential(nn.Linear(2, 2), nn.Dropout())), nn.Linear(2, 1)
    )


def test_frozen_stays_in_eval_mode_and_without_gradient():
    model = build().train()
    assert not model[0].module.training and not model[0].module[1].training
    assert model[1].training
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]


def test_frozen_is_not_saved_and_keeps_its_weights_on_load(capsys):
    model, other = build(), build()
    own = other[0].module[0].weight.clone()
    state = model.state_dict()
    assert set(state) == {'1.weight', '1.bias'}
    other.load_state_dict(state, strict=True)
    load_state_dict(other, state, strict=True)  # mmengine's own
    assert torch.equal(other[0].module[0].weight, own)
    assert torch.equal(other[1].weight, model[1].weight)


def test_no_init_cfg_reaches_what_is_frozen():
    model = BaseModule(init_cfg=dict(type='Constant', layer='Linear', val=7))
    model.parts = build()
    own = model.parts[0].module[0].weight.clone()
    model.init_weights()
    assert torch.equal(model.parts[0].module[0].weight, own)
    assert (model.parts[1].weight == 7).all()


WEIGHT = '0.module.0.weight'
LOADERS = dict(
    torch=lambda model, state: model.load_state_dict(state),
    loose=lambda model, state: model.load_state_dict(state, strict=False),
    assign=lambda model, state: model.load_state_dict(state, assign=True),
    mmengine=lambda model, state: load_state_dict(model, state),
    strict=lambda model, state: load_state_dict(model, state, strict=True),
)


@pytest.fixture(params=LOADERS)
def load(request):
    return LOADERS[request.param]


@pytest.mark.parametrize(
    'key, value',
    [
        (WEIGHT, torch.full((2, 2), 7.0)),
        (WEIGHT, torch.full((2, 2), torch.nan)),
        (WEIGHT, torch.full((2, 2), 7.0).half()),
        (WEIGHT, torch.zeros(2, 2, dtype=torch.int8)),
        (WEIGHT, torch.zeros(2, 2, dtype=torch.complex64)),
        (WEIGHT, torch.zeros(2, 2, device='meta')),
        (WEIGHT, torch.eye(2).to_sparse()),
        (WEIGHT, torch.zeros(3, 2)),
        (WEIGHT, torch.zeros(())),
        (WEIGHT, 'text'),
        ('0.module.0.other', torch.zeros(2)),
        ('0.module.3.weight', torch.zeros(2)),
        ('0.weight', torch.zeros(2)),
    ],
)
def test_nothing_that_loads_changes_what_is_frozen(load, key, value):
    model = build()
    before = {k: v.clone() for k, v in model[0].module.state_dict().items()}
    with pytest.raises(
        ValueError,
        match=f"frozen in 0: its '{key}' (differs|"
        'does not exist).*Frozen weights come from',
    ):
        load(model, {**model.state_dict(), key: value})
    for name, value in model[0].module.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize(
    'dtype',
    [torch.float64, torch.float32, torch.half, torch.bfloat16, torch.float8_e5m2],
)
def test_the_same_weights_may_be_stored_in_any_precision(load, dtype):
    model = build()
    own = model[0].module[0].weight
    before = own.clone()
    load(model, {**model.state_dict(), WEIGHT: before.to(dtype)})
    assert torch.equal(model[0].module[0].weight, before)
    assert model[0].module[0].weight.dtype == torch.float32
    assert not model[0].module[0].weight.requires_grad
    model.half()
    load(model, {**model.state_dict(), WEIGHT: before})
    assert torch.equal(model[0].module[0].weight, before.half())


@pytest.mark.parametrize('wrapped', [False, True])
@pytest.mark.parametrize(
    'key',
    [
        'backbone.visual.module.proj',
        'text_encoder.clip.module.visual.proj',
        'text_encoder.clip.module.text_projection',
    ],
)
def test_no_checkpoint_changes_the_clip(tmp_path, wrapped, key):
    folder = configs_folder() / 'shapes'
    config = Config.fromfile(folder / 'clsclip_shapes-5i_fold0.py').model
    plain = MODELS.build(config)
    model = plain
    if wrapped:
        model = MODELS.build(
            dict(
                type='ZoomIn',
                module=config,
                proposals=dict(type='WindowProposals'),
                resize=dict(type='Resize', scale=(64, 64)),
            )
        )
    clip = plain.text_encoder.clip.module.state_dict()
    value = clip[key.split('.module.')[1]] if 'clip' in key else clip['visual.proj']
    path = str(tmp_path / 'a.pth')
    torch.save(dict(state_dict={**plain.state_dict(), key: value}), path)
    load_strictly(model, path)
    model.load_state_dict(torch.load(path)['state_dict'])
    torch.save(dict(state_dict={**plain.state_dict(), key: -value}), path)
    with pytest.raises(ValueError, match='would change what is frozen'):
        load_strictly(model, path)
    with pytest.raises(ValueError, match='would change what is frozen'):
        load_checkpoint(model, path)
    with pytest.raises(ValueError, match='would change what is frozen'):
        model.load_state_dict(torch.load(path)['state_dict'], strict=False)
