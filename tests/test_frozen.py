"""Frozen parts do not learn, do not travel and are not reported missing."""
import torch
from mmengine.model import BaseModule
from mmengine.runner.checkpoint import load_state_dict
from torch import nn

from mmseg_clsclip.frozen import Frozen


def build():
    return nn.Sequential(
        Frozen(nn.Sequential(nn.Linear(2, 2), nn.Dropout())), nn.Linear(2, 1))


def test_frozen_stays_in_eval_mode_and_without_gradient():
    model = build().train()
    assert not model[0].module.training and not model[0].module[1].training
    assert model[1].training
    assert [p.requires_grad for p in model.parameters()] == [
        False, False, True, True]


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
