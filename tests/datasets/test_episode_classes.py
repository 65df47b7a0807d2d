"""Which classes are asked for, and a background of another name."""

import pytest

from mmseg_clsclip.datasets import episode_classes
from mmseg_clsclip.datasets.episode_classes import resolve_classes


def told(monkeypatch, *classes, novel=()):
    said = []
    monkeypatch.setattr(episode_classes, 'warn', said.append)
    resolved = resolve_classes(classes, novel, False, 'all')
    return said, resolved.base


@pytest.mark.parametrize('name', ['bg', 'Unlabeled', '_void_'])
def test_what_may_be_the_background_is_told(monkeypatch, name):
    said, base = told(monkeypatch, name, 'cat')
    assert base == (name, 'cat')
    assert (
        f'Label 0 is called {name!r}' in said[0] and "call it 'background'" in said[0]
    )


def test_a_background_and_other_classes_are_nothing_to_tell(monkeypatch):
    assert told(monkeypatch, '_background_', 'cat') == ([], ('cat',))
    assert told(monkeypatch, 'cat', 'void') == ([], ('cat', 'void'))
    assert told(monkeypatch, 'void', 'cat', novel=['void']) == ([], ('cat',))
