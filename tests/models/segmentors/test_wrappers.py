"""What a model says is found within a zoom-in, test-time augmentation, processes."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmseg_clsclip.models.segmentors.clsclip import ClsCLIP
from mmseg_clsclip.models.segmentors.text_prompted import TextPromptedSegmentor
from mmseg_clsclip.models.segmentors.wrappers import (
    find_presence,
    has_random_weights,
    innermost_model,
    is_untrained,
    wrapped_models,
)

ROOT = Path(__file__).parents[3]


class Ours(TextPromptedSegmentor):
    """With one parameter, learned or not."""

    def __init__(self, learned=True, presence=None, random=False):
        self.__dict__.update(presence=presence, has_random_weights=random)
        self.named_parameters = lambda: [('w', SimpleNamespace(requires_grad=learned))]

    def __setattr__(self, name, value):
        self.__dict__[name] = value


def wrap(model, depth):
    for _ in range(depth):
        model = SimpleNamespace(module=model)
    return model


@pytest.mark.parametrize('depth', range(4))
def test_a_segmentor_is_found_in_whatever_is_around(depth):
    model = SimpleNamespace()
    assert innermost_model(wrap(model, depth)) is model
    assert len(list(wrapped_models(wrap(model, depth)))) == depth + 1


@pytest.mark.parametrize('depth', range(4))
def test_what_is_said_is_heard_through_wrappers(depth):
    presence = SimpleNamespace(describe=lambda: 'some')
    said = wrap(Ours(random=True, presence=presence), depth)
    assert has_random_weights(said) and find_presence(said) == 'some'
    silent = wrap(Ours(), depth)
    assert not has_random_weights(silent) and find_presence(silent) is None


@pytest.mark.parametrize('depth', range(4))
def test_what_was_neither_loaded_nor_trained_is_untrained(depth):
    model = Ours()
    assert is_untrained(wrap(model, depth))
    assert not is_untrained(wrap(Ours(learned=False), depth))
    model.is_trained = True
    assert not is_untrained(wrap(model, depth))


def test_anothers_segmentor_may_say_that_its_weights_are_random():
    for random in (True, False):
        model = SimpleNamespace(has_random_weights=random)
        assert has_random_weights(wrap(model, 1)) is random
    silent = SimpleNamespace(is_trained=False, presence='of its own')
    assert not has_random_weights(silent) and not is_untrained(silent)
    assert find_presence(silent) is None


def test_a_segmentors_own_module_and_background_are_its_own():
    class Extended(ClsCLIP):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.background = nn.Parameter(torch.zeros(64))
            self.module = nn.Linear(2, 2)

    cfg = Config.fromfile(ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py').model
    model = Extended(**{key: value for key, value in cfg.items() if key != 'type'})
    assert model.background.requires_grad
    assert innermost_model(wrap(model, 1)) is model
    assert list(wrapped_models(model)) == [model]
