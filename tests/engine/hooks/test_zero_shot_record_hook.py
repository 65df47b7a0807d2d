"""What training saw is in checkpoints and in results."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.model import BaseModule, PretrainedInit
from mmseg.evaluation import IoUMetric
from mmseg.registry import DATASETS
from torch import nn

from mmseg_clsclip import (
    EpisodeIoUMetric,
    GeneralizedZeroShotIoUMetric,
    ZeroShotRecordHook,
)
from mmseg_clsclip.evaluation import ProtocolIoUMetric
from mmseg_clsclip.models.segmentors.wrappers import has_random_weights

ASSETS = Path(__file__).parents[3] / 'mmseg_clsclip/assets'
TRUTH = ('background', 'a', 'b')


def test_metrics_are_told_what_they_measure(runner):
    told = runner()
    ZeroShotRecordHook().before_test(told)
    assert told.test_loop.evaluator.dataset_meta == dict(
        classes=TRUTH, protocol=dict(dataset='Data', pictures=7)
    )
    told.test_dataloader.dataset.metainfo = dict(
        classes=TRUTH, protocol=dict(dataset='X', fold=1)
    )
    ZeroShotRecordHook().before_val(told)
    protocol = told.val_loop.evaluator.dataset_meta['protocol']
    # How many they are tells a part from the whole.
    assert protocol == dict(dataset='X', fold=1, pictures=7)


def test_random_weights_are_in_the_protocol_of_every_metric(runner):
    test = runner(random=True)
    metrics = [
        IoUMetric(prefix='a'),
        EpisodeIoUMetric(),
        GeneralizedZeroShotIoUMetric(['a'], prefix='b'),
    ]
    test.test_loop.evaluator = Evaluator(metrics)
    ZeroShotRecordHook().before_test(test)
    assert type(metrics[0]) is ProtocolIoUMetric
    for metric in metrics:
        assert metric.dataset_meta['protocol']['random_weights'] is True
    # Within a zoom-in, within test-time augmentation, within processes.
    inner = test.model
    for _ in range(3):
        inner = SimpleNamespace(module=inner)
    assert has_random_weights(inner)
    assert not has_random_weights(runner().model)


def test_a_checkpoint_that_saw_the_unseen_classes_is_named(logged, runner):
    test = runner()
    test.test_dataloader.dataset.metainfo = dict(
        classes=TRUTH, novel_classes=('a',), protocol=dict(novel_handling='ignore')
    )
    trained = dict(base_classes=['b'], protocol=dict(novel_handling='ignore'))
    hook = ZeroShotRecordHook()
    hook.before_test(test)
    hook.after_load_checkpoint(test, dict(meta=dict(dataset_meta=trained)))
    hook.before_test(test)
    assert not logged
    trained.update(base_classes=['a'], protocol=dict(novel_handling='x'))
    hook.after_load_checkpoint(test, dict(meta=dict(dataset_meta=trained)))
    hook.before_test(test)
    (message,) = logged
    assert 'NOT zero-shot: the checkpoint was trained on masks of a' in message
    protocol = test.test_loop.evaluator.dataset_meta['protocol']
    assert protocol['novel_handling'] == 'x'  # not what the test set says
    assert protocol['trained_on_unseen'] == ['a']
    # A metric that counts others as unseen says which.
    test.test_loop.evaluator.metrics = [GeneralizedZeroShotIoUMetric(['b'])]
    hook.before_test(test)
    assert len(logged) == 1
    protocol = test.test_loop.evaluator.dataset_meta['protocol']
    assert 'trained_on_unseen' not in protocol


def test_a_result_names_no_handling_of_novel_pixels_that_nobody_knows(logged, runner):
    test, hook = runner(), ZeroShotRecordHook()
    own = dict(fold=1, novel_handling='drop_image', pairs=3)
    test.test_dataloader.dataset.metainfo = dict(classes=TRUTH, protocol=own)

    def named():
        hook.before_test(test)
        return test.test_loop.evaluator.dataset_meta['protocol']

    rest = dict(dataset='Data', fold=1, pairs=3)
    assert named() == rest  # without a checkpoint
    trained = dict(base_classes=['b'], protocol=dict(own, novel_handling='ignore'))
    hook.after_load_checkpoint(test, dict(meta=dict(dataset_meta=trained)))
    assert named() == dict(rest, novel_handling='ignore')
    assert [*named()] == ['dataset', 'fold', 'novel_handling', 'pairs']
    for meta in {}, dict(dataset_meta=dict(classes=TRUTH)):
        hook.after_load_checkpoint(test, dict(meta=meta))
        assert named() == rest
    assert own['novel_handling'] == 'drop_image'
    # In a training it is that of the training set, if it has one.
    hook, test = training(runner, SimpleNamespace(metainfo=dict(classes=TRUTH)))
    test.val_dataloader.dataset.metainfo = dict(classes=TRUTH, protocol=own)
    hook.before_val(test)
    assert test.val_loop.evaluator.dataset_meta['protocol'] == rest


@pytest.mark.parametrize('path', sorted(ASSETS.glob('*.pth')), ids=lambda p: p.stem)
def test_shipped_heads_name_theirs(path, runner):
    test, hook = runner(), ZeroShotRecordHook()
    hook.after_load_checkpoint(test, torch.load(path, weights_only=True))
    hook.before_test(test)
    protocol = test.test_loop.evaluator.dataset_meta['protocol']
    assert protocol['novel_handling'] == 'drop_image'


def test_cocos_and_vocs_spellings_are_of_one_class(logged, runner):
    test = runner()
    test.test_dataloader.dataset.metainfo = dict(
        classes=TRUTH, novel_classes=('sofa', 'train')
    )
    hook = ZeroShotRecordHook()
    hook.after_load_checkpoint(
        test, dict(meta=dict(dataset_meta=dict(base_classes=['couch', 'dog'])))
    )
    hook.before_test(test)
    assert 'trained on masks of sofa.' in logged[0]


def test_what_a_metric_calls_unseen_counts_too(logged, runner):
    test = runner()
    test.test_loop.evaluator.metrics = [
        GeneralizedZeroShotIoUMetric(unseen_classes=['b'])
    ]
    hook = ZeroShotRecordHook()
    hook.after_load_checkpoint(
        test, dict(meta=dict(dataset_meta=dict(base_classes=['a', 'b'])))
    )
    hook.before_test(test)
    assert 'NOT zero-shot: the checkpoint was trained on masks of b' in (logged[0])


def training(runner, dataset, **meta):
    test = runner()
    test.train_dataloader = SimpleNamespace(dataset=dataset)
    hook = ZeroShotRecordHook()
    hook.after_load_checkpoint(test, dict(meta=dict(dataset_meta=meta)))
    hook.before_train(test)
    return hook, test


@pytest.mark.parametrize('resume', [False, True])
@pytest.mark.parametrize('began', [None, 0, 1])
def test_a_training_of_another_fold_is_not_resumed(began, resume, logged, runner):
    test, hook = runner(), ZeroShotRecordHook()
    test._resume = resume
    meta = dict(classes=TRUTH, protocol=dict(dataset='X', fold=1))
    test.train_dataloader = SimpleNamespace(dataset=SimpleNamespace(metainfo=meta))
    before = dict(classes=TRUTH, protocol=dict(dataset='X', fold=began))
    hook.after_load_checkpoint(test, dict(meta=dict(dataset_meta=before)))
    if resume and began == 0:
        with pytest.raises(ValueError, match='is of fold 0, this one of fold 1. Give'):
            hook.before_train(test)
    else:
        hook.before_train(test)


def test_a_training_adds_to_what_an_earlier_one_saw(logged, runner):
    dataset = DATASETS.build(
        dict(
            type='EpisodeDataset',
            dataset=dict(
                type='Shapes5iDataset', split='test', length=9, test_mode=False
            ),
        )
    )
    seen, novel = dataset.base_classes[0], dataset.metainfo['novel_classes'][0]
    hook, test = training(runner, dataset, base_classes=[seen])
    assert not logged
    # Validated on another fold, and begun from another fold's checkpoint.
    test.val_dataloader.dataset.metainfo = dict(classes=TRUTH, novel_classes=(seen,))
    hook.before_val(test)
    assert f'trained on masks of {seen}' in logged[0]
    hook, test = training(runner, dataset, base_classes=[novel])
    assert f'trained on masks of {novel}, which count as uns' in logged[1]
    # The checkpoint that comes of it remembers.
    checkpoint = dict(meta=dict(dataset_meta=dict(base_classes=[seen])))
    hook.before_save_checkpoint(test, checkpoint)
    hook = ZeroShotRecordHook()
    hook.after_load_checkpoint(test, checkpoint)
    test.test_dataloader.dataset.metainfo = dict(classes=TRUTH, novel_classes=(novel,))
    hook.before_test(test)
    assert f'trained on masks of {novel}.' in logged[-1]
    # A closed set has seen all of its classes.
    hook.after_load_checkpoint(
        test, dict(meta=dict(dataset_meta=dict(classes=[seen, novel])))
    )
    hook.before_test(test)
    assert f'trained on masks of {novel}.' in logged[-1] and len(logged) == 4


def test_of_joined_data_sets_all_classes_are_seen(logged, runner, joined):
    hook, test = training(runner, joined(False, 0, 1))
    checkpoint = dict(meta={})
    hook.before_save_checkpoint(test, checkpoint)
    assert len(checkpoint['meta']['seen_classes']) == 20
    assert not logged


@pytest.mark.parametrize(
    'meta', [None, {}, dict(dataset_meta={}), dict(trained_on='unknown')]
)
def test_nobody_knows_what_a_checkpoint_without_meta_saw(meta, logged, runner):
    test = runner()
    test.model.named_parameters = nn.Linear(2, 2).named_parameters
    test.test_dataloader.dataset.metainfo = dict(classes=TRUTH, novel_classes=('a',))
    hook = ZeroShotRecordHook()
    hook.after_load_checkpoint(test, {} if meta is None else dict(meta=meta))
    hook.before_test(test)
    protocol = test.test_loop.evaluator.dataset_meta['protocol']
    assert protocol['trained_on'] == 'unknown'
    assert 'whether the scores of a below are zero-shot' in logged[0]
    # What training makes of it stays unknown.
    checkpoint = dict(meta={})
    hook.before_save_checkpoint(test, checkpoint)
    assert checkpoint['meta']['trained_on'] == 'unknown'


def test_without_unseen_classes_or_learned_parts_there_is_nothing_to_know(
    logged, runner
):
    test, hook = runner(), ZeroShotRecordHook()
    test.test_dataloader.dataset.metainfo = dict(classes=TRUTH, novel_classes=('a',))
    hook.after_load_checkpoint(test, dict(state_dict={}, meta={}))
    hook.before_test(test)
    test.model.named_parameters = nn.Linear(2, 2).named_parameters
    test.test_dataloader.dataset.metainfo = dict(classes=TRUTH)
    hook.after_load_checkpoint(test, dict(meta={}))
    hook.before_test(test)
    assert not logged


class Part(BaseModule):
    def __init__(self, init_cfg, frozen=False):
        super().__init__(init_cfg)
        self.layer = nn.Linear(2, 2).requires_grad_(not frozen)


@pytest.fixture
def begun(runner, tmp_path):
    """Train a model whose head an init_cfg has begun; what is written of it."""

    def _begun(init_cfg, before=None, frozen=False):
        test = runner()
        test.model = nn.ModuleDict(dict(head=Part(init_cfg, frozen), neck=Part(None)))
        meta = dict(classes=TRUTH, base_classes=('a',), novel_classes=('b',))
        test.train_dataloader = SimpleNamespace(dataset=SimpleNamespace(metainfo=meta))
        hook, checkpoint = ZeroShotRecordHook(), dict(meta={})
        if before:
            hook.after_load_checkpoint(test, before)
        hook.before_train(test)
        hook.before_save_checkpoint(test, checkpoint)
        return checkpoint['meta']

    return _begun


def pretrained(path, kind='Pretrained', **meta):
    """An init_cfg of a checkpoint of a head."""
    torch.save(dict(state_dict=Part(None).state_dict(), meta=meta), path)
    return dict(type=kind, checkpoint=str(path))


def test_what_a_part_began_with_was_seen(begun, logged, tmp_path):
    path = tmp_path / 'head.pth'
    init = pretrained(path, seen_classes=['b', 'c'])
    for cfg in (
        init,
        [dict(type='Constant', layer='Linear', val=1), init],
        [dict(type='Normal', layer='Linear', override=dict(init, name='layer'))],
        pretrained(path, PretrainedInit, dataset_meta=dict(base_classes=['b', 'c'])),
        pretrained(path, 'mmengine.Pretrained', dataset_meta=dict(classes=['b', 'c'])),
    ):
        assert begun(cfg) == dict(seen_classes=['a', 'b', 'c'])
        assert 'was trained on masks of b, which count as unseen' in logged.pop()
    assert begun(dict(type='Constant', layer='Linear', val=1)) == dict(
        seen_classes=['a']
    )
    assert not logged


def test_nobody_knows_what_a_part_saw_whose_file_names_nothing(begun, tmp_path):
    path = tmp_path / 'head.pth'
    unknown = dict(seen_classes=['a'], trained_on='unknown')
    assert begun(pretrained(path)) == unknown
    more = dict(unknown, seen_classes=['a', 'c'])
    init = pretrained(path, seen_classes=['c'], trained_on='unknown')
    assert begun(init) == more
    # What is frozen is in nobody's training.
    assert begun(init, frozen=True) == dict(seen_classes=['a'])
    # Of a format that the part alone can read.
    path.write_bytes(b'weights')
    assert begun(init) == unknown


def test_weights_that_a_checkpoint_replaced_were_not_begun_with(begun, tmp_path):
    init = pretrained(tmp_path / 'head.pth', seen_classes=['b'])
    weights = Part(None).state_dict(prefix='module.head.')
    before = dict(state_dict=weights, meta=dict(seen_classes=['c']))
    assert begun(init, before)['seen_classes'] == ['a', 'c']
    weights.popitem()
    assert begun(init, before)['seen_classes'] == ['a', 'b', 'c']
