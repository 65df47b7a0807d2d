"""Weights are found wherever a checkpoint has them."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmseg_clsclip.engine.hooks import CheckpointFormatHook

ROOT = Path(__file__).parents[3]


def normalized(checkpoint):
    CheckpointFormatHook().after_load_checkpoint(None, checkpoint)
    return checkpoint


def test_bare_weights_are_a_state_dict():
    weights = dict(a=torch.zeros(1))
    assert normalized(dict(weights)) == dict(state_dict=weights)
    assert normalized(dict(state_dict={}, meta={})) == dict(state_dict={}, meta={})


@pytest.mark.parametrize(
    'checkpoint, words',
    [
        (dict(model=dict(a=torch.zeros(1)), epoch=1), 'holds model, epoch, and no st'),
        (dict(a=torch.zeros(1), b='text'), 'holds a, b, and no state_dict'),
        (dict(state_dict=[1]), 'no weights by name but list'),
        (dict(state_dict=None), 'no weights by name but NoneType'),
    ],
)
def test_another_format_is_refused(checkpoint, words):
    with pytest.raises(ValueError, match=words):
        normalized(checkpoint)


def test_it_comes_before_mmengines_hooks():
    hooks = Config.fromfile(ROOT / 'configs/_base_/default_runtime.py').default_hooks
    assert hooks.checkpoint_format.type == 'CheckpointFormatHook'
    assert CheckpointFormatHook.priority == 'VERY_HIGH'  # EMAHook's is NORMAL
