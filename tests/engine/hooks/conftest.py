"""A run of which the hooks see all that they look at, and what they warn of."""

from types import SimpleNamespace

import pytest
from mmseg.registry import DATASETS

from mmseg_clsclip.engine.hooks import (
    checks,
    evaluation_guard_hook,
    training_checks,
    zero_shot_record_hook,
)

CLASSES = ('background', 'a', 'b')


@pytest.fixture
def logged(monkeypatch):
    lines = []
    hooks = evaluation_guard_hook, zero_shot_record_hook
    for module in (*hooks, checks, training_checks):
        monkeypatch.setattr(module, 'warn', lines.append)
    return lines


class Data:
    metainfo = dict(classes=CLASSES)

    def __len__(self):
        return 7


@pytest.fixture
def runner():
    """Builds one."""

    def build(asked=CLASSES, random=False, encoder=True):
        model = SimpleNamespace(
            dataset_meta=dict(classes=asked),
            has_random_weights=random,
            with_background=True,
            named_parameters=lambda **_: iter(()),
            named_modules=lambda: iter(()),
            state_dict=dict,
        )
        if encoder:
            model.text_encoder = SimpleNamespace(names=asked[1:])
        data, loop = (
            SimpleNamespace(dataset=Data()),
            SimpleNamespace(
                evaluator=SimpleNamespace(metrics=[]),
                dataloader=SimpleNamespace(dataset=Data()),
            ),
        )
        return SimpleNamespace(
            model=model,
            test_dataloader=data,
            train_loop=None,
            val_dataloader=data,
            test_loop=loop,
            val_loop=loop,
            visualizer=SimpleNamespace(),
            hooks=[],
            _resume=False,
        )

    return build


@pytest.fixture
def joined():
    """Builds episodes of several folds, as mmengine joins them."""

    def build(test_mode, *folds):
        return DATASETS.build(
            dict(
                type='ConcatDataset',
                ignore_keys=['protocol', 'base_classes', 'novel_classes', 'fold'],
                datasets=[
                    dict(
                        type='EpisodeDataset',
                        dataset=dict(
                            type='Shapes5iDataset',
                            split='test',
                            length=9,
                            test_mode=test_mode,
                            fold=fold,
                        ),
                    )
                    for fold in folds
                ],
            )
        )

    return build
