"""What a checkpoint says of its model, where keys and sizes say nothing."""

import json

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.runner.checkpoint import load_state_dict
from mmseg.registry import MODELS

from mmseg_clsclip import ClsCLIPHead
from mmseg_clsclip.models.clip.identity import text_to_buffer


@pytest.fixture
def build(tiny_clip_json):
    def _build(changes=None):
        cfg = ConfigDict(
            type='ClsCLIP',
            backbone=dict(
                type='ClsCLIPVisionTransformer',
                architecture=tiny_clip_json,
                navigate_blocks=(1, 2),
            ),
            text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=['cat']),
            decode_head=dict(type='ClsCLIPHead', conv_channels=(8, 4)),
        )
        for key, value in (changes or {}).items():
            part, name = key.split('.')
            cfg[part][name] = value
        return MODELS.build(cfg)

    return _build


@pytest.mark.parametrize(
    'key, other, was',
    [
        ('backbone.navigate_blocks', (0, 3), r'\[1, 2\]'),
        ('text_encoder.normalize', True, 'False'),
        ('decode_head.num_heads', 4, '2'),
        ('decode_head.activation', 'quick_gelu', 'gelu'),
        ('decode_head.upsample', 2, '1'),
    ],
)
def test_weights_that_would_mean_something_else_are_refused(build, key, other, was):
    state, model = build().state_dict(), build({key: other})
    sizes = {k: v.shape for k, v in state.items() if k != 'trained_settings'}
    assert sizes == {k: v.shape for k, v in model.state_dict().items() if k in sizes}
    for load in (
        lambda: model.load_state_dict(state),
        lambda: load_state_dict(model, state),
    ):
        with pytest.raises(
            ValueError, match=f'trained with {key}={was}, the config has'
        ):
            load()
    # A part of it is taken by whoever asks for that.
    model.load_state_dict(state, strict=False)
    assert torch.equal(
        model.decode_head.conv_seg.weight, state['decode_head.conv_seg.weight']
    )
    build({key: other}).load_state_dict(model.state_dict())


def test_what_one_of_both_does_not_say_is_not_compared(build):
    model = build()
    state = model.state_dict()
    del state['trained_settings']  # as earlier versions wrote it
    model.load_state_dict(state)
    for settings in ({}, {'decode_head.of_tomorrow': 3}):
        state['trained_settings'] = text_to_buffer(json.dumps(settings))
        model.load_state_dict(state)
    assert 'navigate_blocks' in bytes(model.trained_settings.tolist()).decode()


@pytest.mark.parametrize(
    'stored',
    [
        text_to_buffer('{"decode_head'),
        text_to_buffer('5'),
        text_to_buffer('[' * 100_000),
        torch.tensor(10**12),
        torch.tensor([0.5]),
        None,
    ],
)
def test_what_is_no_settings_is_damaged(build, stored):
    model = build()
    state = dict(model.state_dict(), trained_settings=stored)
    with pytest.raises(ValueError, match='trained_settings in the checkpoint are dam'):
        model.load_state_dict(state)


class OwnHead(ClsCLIPHead):
    """With a setting of its own."""

    TRAINED_SETTINGS = ('of_mine',)

    def __init__(self, of_mine=1, **kwargs):
        super().__init__(**kwargs)
        self.of_mine = of_mine


class MisspeltHead(ClsCLIPHead):
    TRAINED_SETTINGS = 'of_mine'  # its letters


def test_a_class_of_ones_own_adds_its_settings_to_those_of_ours(build):
    one = {'decode_head.type': OwnHead}
    state = build(one).state_dict()
    build(one).load_state_dict(state)
    for key, was in {'of_mine': 1, 'upsample': 1}.items():
        other = build({**one, f'decode_head.{key}': 2})
        with pytest.raises(ValueError, match=f'decode_head.{key}={was}, the config'):
            other.load_state_dict(state)


@pytest.mark.parametrize(
    'changes, message',
    [
        (
            {'decode_head.type': OwnHead, 'decode_head.of_mine': torch.relu},
            "OwnHead names 'of_mine': .*not JSON serializable. Name attributes",
        ),
        ({'decode_head.type': MisspeltHead}, "names 'o': .*no attribute 'o'. Name"),
    ],
)
def test_settings_that_no_other_process_would_have_are_refused(build, changes, message):
    with pytest.raises(ValueError, match=message):
        build(changes)
