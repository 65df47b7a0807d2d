"""What the hook refuses, warns of and lets pass."""
from types import SimpleNamespace

import pytest

from mmseg_clsclip import HonestScoresHook
from mmseg_clsclip.evaluation import honest_scores

TRUTH = ('background', 'a', 'b')


@pytest.fixture
def logged(monkeypatch):
    lines = []
    monkeypatch.setattr(honest_scores, 'print_log',
                        lambda message, **kwargs: lines.append(message))
    return lines


def runner(asked=TRUTH, random=False, encoder=True):
    model = SimpleNamespace(
        dataset_meta=dict(classes=asked), has_random_clip=random)
    if encoder:
        model.text_encoder = object()
    data = SimpleNamespace(dataset=SimpleNamespace(
        metainfo=dict(classes=TRUTH)))
    return SimpleNamespace(
        model=model, test_dataloader=data, val_dataloader=data)


def test_the_data_sets_own_vocabulary_passes(logged):
    HonestScoresHook().before_test(runner())
    HonestScoresHook().after_test_epoch(runner())
    assert not logged


def test_a_vocabulary_of_another_size_is_refused():
    with pytest.raises(ValueError, match='asked for 2 classes.*set has 3'):
        HonestScoresHook().before_test(runner(asked=('a', 'b')))


def test_other_names_are_warned_of(logged):
    HonestScoresHook().before_val(runner(asked=('background', 'b', 'a')))
    assert "1: 'b' for 'a'; 2: 'a' for 'b'" in logged[0]


def test_random_weights_are_named_below_the_scores(logged):
    HonestScoresHook().after_test_epoch(runner(random=True))
    assert 'mean NOTHING' in logged[0]


def test_models_without_a_vocabulary_are_left_alone(logged):
    HonestScoresHook().before_test(runner(asked=('x', ), encoder=False))
    assert not logged
