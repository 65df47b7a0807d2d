"""The optimiser holds only what is trained."""

import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmseg_clsclip.models.clip.frozen import Frozen


def test_frozen_parameters_are_left_out():
    model = nn.Sequential(Frozen(nn.Linear(2, 2)), nn.Linear(2, 1))
    for paramwise in (None, dict(custom_keys={'1': dict(lr_mult=0.1)})):
        wrapper = build_optim_wrapper(
            model,
            dict(
                type='OptimWrapper',
                constructor='TrainableOptimWrapperConstructor',
                optimizer=dict(type='SGD', lr=1.0),
                paramwise_cfg=paramwise,
            ),
        )
        held = {p for g in wrapper.param_groups for p in g['params']}
        assert held == set(model[1].parameters())
        before = model[0].module.weight.clone()
        wrapper.update_params(model(torch.ones(1, 2)).sum())
        assert torch.equal(model[0].module.weight, before)
