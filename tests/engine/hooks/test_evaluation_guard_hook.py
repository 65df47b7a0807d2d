"""What the hook refuses, warns of and lets pass."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.hooks import IterTimerHook, LoggerHook
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import Runner
from mmseg.engine.hooks import SegVisualizationHook
from mmseg.evaluation import IoUMetric
from mmseg.models import SegTTAModel
from mmseg.registry import DATASETS
from torch import nn

from mmseg_clsclip import (
    EpisodeIoUMetric,
    GeneralizedZeroShotIoUMetric,
    HonestScoresHook,
)
from mmseg_clsclip.engine.hooks import checks
from mmseg_clsclip.engine.hooks import evaluation_guard_hook as honest_scores
from mmseg_clsclip.evaluation import ProtocolIoUMetric

ROOT = Path(__file__).parents[3]
TRUTH = ('background', 'a', 'b')


@pytest.fixture
def logged(monkeypatch):
    lines = []
    for module in (honest_scores, checks):
        monkeypatch.setattr(module, 'warn', lines.append)
    return lines


class Data:
    metainfo = dict(classes=TRUTH)

    def __len__(self):
        return 7


def runner(asked=TRUTH, random=False, encoder=True):
    model = SimpleNamespace(
        dataset_meta=dict(classes=asked),
        has_random_weights=random,
        with_background=True,
        named_parameters=lambda: iter(()),
    )
    if encoder:
        model.text_encoder = SimpleNamespace(names=asked[1:])
    data, loop = (
        SimpleNamespace(dataset=Data()),
        SimpleNamespace(evaluator=SimpleNamespace()),
    )
    return SimpleNamespace(
        model=model,
        test_dataloader=data,
        val_dataloader=data,
        test_loop=loop,
        val_loop=loop,
        visualizer=SimpleNamespace(),
    )


def test_the_data_sets_own_vocabulary_passes(logged):
    HonestScoresHook().before_test(runner())
    HonestScoresHook().after_test_epoch(runner())
    assert not logged


def test_metrics_are_told_what_they_measure():
    told = runner()
    HonestScoresHook().before_test(told)
    assert told.test_loop.evaluator.dataset_meta == dict(
        classes=TRUTH, protocol=dict(dataset='Data', pictures=7)
    )
    told.test_dataloader.dataset.metainfo = dict(
        classes=TRUTH, protocol=dict(dataset='X', fold=1)
    )
    HonestScoresHook().before_val(told)
    assert told.val_loop.evaluator.dataset_meta['protocol'] == dict(dataset='X', fold=1)


def test_a_vocabulary_of_another_size_is_refused():
    with pytest.raises(ValueError, match='asked for 2 classes.*set has 3'):
        HonestScoresHook().before_test(runner(asked=('a', 'b')))


def test_other_names_are_warned_of(logged):
    HonestScoresHook().before_val(runner(asked=('background', 'b', 'a')))
    assert "1: 'b' for 'a'; 2: 'a' for 'b'" in logged[0]


def test_random_weights_are_named_below_the_scores(logged):
    HonestScoresHook().after_test_epoch(runner(random=True))
    assert 'mean NOTHING' in logged[0]


def test_random_weights_are_in_the_protocol_of_every_metric():
    test = runner(random=True)
    metrics = [
        IoUMetric(prefix='a'),
        EpisodeIoUMetric(),
        GeneralizedZeroShotIoUMetric(['a'], prefix='b'),
    ]
    test.test_loop.evaluator = Evaluator(metrics)
    HonestScoresHook().before_test(test)
    assert type(metrics[0]) is ProtocolIoUMetric
    for metric in metrics:
        assert metric.dataset_meta['protocol']['random_weights'] is True
    # Within a zoom-in, within test-time augmentation, within processes.
    inner = test.model
    for _ in range(3):
        inner = SimpleNamespace(module=inner)
    assert honest_scores._has_random_weights(SimpleNamespace(model=inner))
    assert not honest_scores._has_random_weights(runner())


def test_one_channel_is_no_matter_for_mmsegs_test_time_augmentation():
    run = runner(asked=('a',))
    run.model.with_background = False
    run.test_dataloader.dataset.metainfo = dict(classes=('a',))
    HonestScoresHook().before_test(run)
    module, run.model = run.model, SegTTAModel.__new__(SegTTAModel)
    nn.Module.__init__(run.model)
    object.__setattr__(run.model, 'module', module)
    with pytest.raises(ValueError, match='Test without --tta'):
        HonestScoresHook().before_test(run)
    module.with_background, module.dataset_meta = True, dict(classes=TRUTH)
    run.test_dataloader.dataset.metainfo = dict(classes=TRUTH)
    HonestScoresHook().before_test(run)


def test_models_without_a_vocabulary_are_left_alone(logged):
    HonestScoresHook().before_test(runner(asked=('x',), encoder=False))
    san = runner(asked=('x',))
    san.model.text_encoder = object()  # has no names
    HonestScoresHook().before_test(san)
    assert not logged


def test_a_checkpoint_that_saw_the_unseen_classes_is_named(logged):
    test = runner()
    test.test_dataloader.dataset.metainfo = dict(
        classes=TRUTH, novel_classes=('a',), protocol=dict(novel_handling='ignore')
    )
    trained = dict(base_classes=['b'], protocol=dict(novel_handling='ignore'))
    hook = HonestScoresHook()
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


def test_cocos_and_vocs_spellings_are_of_one_class(logged):
    test = runner()
    test.test_dataloader.dataset.metainfo = dict(
        classes=TRUTH, novel_classes=('sofa', 'train')
    )
    hook = HonestScoresHook()
    hook.after_load_checkpoint(
        test, dict(meta=dict(dataset_meta=dict(base_classes=['couch', 'dog'])))
    )
    hook.before_test(test)
    assert 'trained on masks of sofa.' in logged[0]


def test_what_a_metric_calls_unseen_counts_too(logged):
    test = runner()
    test.test_loop.evaluator.metrics = [
        GeneralizedZeroShotIoUMetric(unseen_classes=['b'])
    ]
    hook = HonestScoresHook()
    hook.after_load_checkpoint(
        test, dict(meta=dict(dataset_meta=dict(base_classes=['a', 'b'])))
    )
    hook.before_test(test)
    assert 'NOT zero-shot: the checkpoint was trained on masks of b' in (logged[0])


def training(dataset, **meta):
    test = runner()
    test.train_dataloader = SimpleNamespace(dataset=dataset)
    hook = HonestScoresHook()
    hook.after_load_checkpoint(test, dict(meta=dict(dataset_meta=meta)))
    hook.before_train(test)
    return hook, test


def test_training_on_a_tests_episodes_is_refused(logged):
    def build(test_mode, **kwargs):
        return DATASETS.build(
            dict(
                type='EpisodeDataset',
                dataset=dict(SHAPES, length=9, test_mode=test_mode),
                **kwargs,
            )
        )

    wrapped = SimpleNamespace(dataset=build(True), metainfo=build(True).metainfo)
    for dataset in (build(True), wrapped):
        with pytest.raises(ValueError, match='asks for its novel classes'):
            training(dataset)
    dataset = build(False)
    seen, novel = dataset.base_classes[0], dataset.metainfo['novel_classes'][0]
    hook, test = training(dataset, base_classes=[seen])
    assert not logged
    # Validated on another fold, and begun from another fold's checkpoint.
    test.val_dataloader.dataset.metainfo = dict(classes=TRUTH, novel_classes=(seen,))
    hook.before_val(test)
    assert f'trained on masks of {seen}' in logged[0]
    hook, test = training(dataset, base_classes=[novel])
    assert f'trained on masks of {novel}, which count as uns' in logged[1]
    # The checkpoint that comes of it remembers.
    checkpoint = dict(meta=dict(dataset_meta=dict(base_classes=[seen])))
    hook.before_save_checkpoint(test, checkpoint)
    hook = HonestScoresHook()
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


def joined(test_mode, *folds):
    """Episodes of several folds, as mmengine joins them."""
    return DATASETS.build(
        dict(
            type='ConcatDataset',
            ignore_keys=['protocol', 'base_classes', 'novel_classes', 'fold'],
            datasets=[
                dict(
                    type='EpisodeDataset',
                    dataset=dict(SHAPES, length=9, test_mode=test_mode, fold=fold),
                )
                for fold in folds
            ],
        )
    )


def test_joined_data_sets_are_what_each_of_them_is(logged):
    test = runner()  # asks for two names, the data sets have twenty
    test.test_loop.evaluator.metrics = [EpisodeIoUMetric()]
    test.test_dataloader.dataset = joined(True, 0, 1)
    HonestScoresHook().before_test(test)
    assert 'asked for' in test.visualizer.dataset_meta['classes']
    test.test_dataloader.dataset = joined(False, 0, 1)
    with pytest.raises(ValueError, match='is in training mode'):
        HonestScoresHook().before_test(test)
    data = joined(False, 0, 1)
    with pytest.raises(ValueError, match='asks for its novel classes'):
        training(joined(True, 0, 1))
    hook, test = training(data)
    checkpoint = dict(meta={})
    hook.before_save_checkpoint(test, checkpoint)
    assert len(checkpoint['meta']['seen_classes']) == 20
    assert not logged


EPISODES = dict(
    type='EpisodeDataset',
    dataset=dict(type='Shapes5iDataset', split='test', length=4, test_mode=True),
)


def test_episodes_need_a_data_set_a_metric_and_a_model_for_them():
    def compare(model=None, metric=None, test_mode=True):
        test = runner()
        test.test_dataloader.dataset = DATASETS.build(
            dict(EPISODES, dataset=dict(EPISODES['dataset'], test_mode=test_mode))
        )
        test.test_loop.evaluator.metrics = [metric or EpisodeIoUMetric()]
        test.model = model or test.model
        HonestScoresHook().before_test(test)
        assert 'asked for' in test.visualizer.dataset_meta['classes']

    compare()
    with pytest.raises(ValueError, match="split='val', or test_mode=True in"):
        compare(test_mode=False)
    for metric in (IoUMetric(), GeneralizedZeroShotIoUMetric()):
        with pytest.raises(ValueError, match='Take EpisodeIoUMetric'):
            compare(metric=metric)
    # A class and the background: the episode's 0 and 1 are the labels.
    test = runner()
    test.test_dataloader.dataset = SimpleNamespace(
        test_mode=True, metainfo=dict(classes=('background', 'a'))
    )
    checks.check_episodes(
        test.model, test.test_dataloader.dataset, SimpleNamespace(metrics=[IoUMetric()])
    )
    closed = runner(encoder=False).model
    closed.out_channels = 21
    with pytest.raises(ValueError, match='SimpleNamespace cannot be asked'):
        compare(closed)


def test_no_weights_do_only_for_a_model_without_training():
    test, nothing = runner(), dict(state_dict={}, meta={})
    HonestScoresHook().after_load_checkpoint(test, nothing)
    test.model.named_parameters = nn.Linear(2, 2).named_parameters
    HonestScoresHook().after_load_checkpoint(test, dict(state_dict=dict(weight=0)))
    with pytest.raises(ValueError, match='learned weight and 1 more'):
        HonestScoresHook().after_load_checkpoint(test, nothing)


def test_only_the_first_process_keeps_the_file_of_results(monkeypatch):
    logger = LoggerHook()
    logger.json_log_path = 'time.json'
    test = runner()
    test.hooks = [IterTimerHook(), logger]
    hook = HonestScoresHook()
    hook.before_test(test)
    assert logger.json_log_path == 'time.json'
    monkeypatch.setattr(honest_scores, 'is_main_process', lambda: False)
    hook.before_test(test)
    aside = Path(logger.json_log_path)
    assert aside.is_absolute() and aside.parent.is_dir()


class Proposals:
    """Remembers what it is asked."""

    def __init__(self, report=''):
        self.checked, self.report = [], lambda: report

    def check_pictures(self, img_paths):
        self.checked += img_paths


def zooming(report='', dataset=None):
    """A runner whose model has proposals, around a segmentor."""
    test = runner(encoder=False)
    test.model = SimpleNamespace(module=test.model, proposals=Proposals(report))
    test.test_dataloader.dataset = dataset or DATASETS.build(SHAPES)
    return test, test.model.proposals


SHAPES = dict(type='Shapes5iDataset', split='test', length=4, test_mode=True)
PATHS = [f'shapes-5i://test/0/{i:06d}.bmp' for i in range(4)]


@pytest.mark.parametrize(
    'dataset',
    [
        SHAPES,
        dict(type='EpisodeDataset', dataset=SHAPES),
        dict(type='EpisodeDataset', dataset=SHAPES, episodes=50),
    ],
)
def test_proposals_are_asked_about_every_picture_once(dataset, logged):
    test, proposals = zooming(dataset=DATASETS.build(dataset))
    HonestScoresHook().before_test(test)
    assert sorted(proposals.checked) == PATHS
    HonestScoresHook().after_test_epoch(test)
    assert not logged


def test_only_the_pictures_that_are_tested_are_asked_about():
    dataset = DATASETS.build(dict(type='EpisodeDataset', dataset=SHAPES, episodes=1))
    test, proposals = zooming(dataset=dataset)
    HonestScoresHook().before_test(test)
    assert proposals.checked == PATHS[:1]


def test_a_data_set_that_names_no_pictures_is_let_pass():
    test, proposals = zooming(dataset=Data())
    HonestScoresHook().before_test(test)
    assert not proposals.checked


def test_proposals_are_found_behind_a_wrapper_for_processes():
    test, proposals = zooming()
    wrapper = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
    object.__setattr__(wrapper, '__dict__', dict(module=test.model))
    test.model = wrapper
    HonestScoresHook().before_test(test)
    assert proposals.checked == PATHS


def test_what_was_wrong_with_proposals_is_said_below_the_scores(logged, monkeypatch):
    test, _ = zooming('File: 3 inverted boxes.')
    HonestScoresHook().after_test_epoch(test)
    assert logged == ['File: 3 inverted boxes.']
    monkeypatch.setattr(honest_scores, 'get_world_size', lambda: 2)
    HonestScoresHook().after_test_epoch(test)
    assert 'the first of 2 processes' in logged[1]


@pytest.mark.parametrize(
    'own',
    [
        '',
        "custom_hooks = [dict(type='EmptyCacheHook')]",
        'custom_hooks = []',
        "custom_hooks = [dict(type='HonestScoresHook')]",
        "default_hooks = dict(timer=dict(type='IterTimerHook'))",
    ],
)
def test_a_users_own_hooks_do_not_take_its_place(own, logged, tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text(
        f"_base_ = '{ROOT}/configs/shapes/clsclip_shapes-5i_fold1.py'\n{own}"
    )
    cfg = Config.fromfile(config)
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.dataset.length = 4
    cfg.visualizer.vis_backends = None
    cfg.update(
        work_dir=str(tmp_path),
        log_level='ERROR',
        load_from=str(ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth'),
    )
    test = Runner.from_cfg(cfg)
    test.model.has_random_weights = True  # as with pretrained=None
    test.test()
    assert [line for line in logged if 'NOT zero-shot' in line] == logged[:1]
    assert [line for line in logged if 'NOTHING' in line] == logged[1:]
    assert len(logged) == 2


class Folders:
    """Pictures, two of one name in two folders."""

    metainfo = dict(classes=('background', 'a'))

    def __init__(self, paths, **more):
        self.paths, self.more = paths, more

    def __len__(self):
        return len(self.paths)

    def get_data_info(self, index):
        return dict(self.more, img_path=self.paths[index])


TWICE = ['data/a/0.jpg', 'data/b/0.jpg', 'data/1.jpg']


@pytest.mark.parametrize(
    'paths, more, refused',
    [
        (TWICE, {}, True),
        (['data/0.jpg', 'data/0.png'], {}, True),
        (['data/0.jpg', 'data/1.jpg'], {}, False),
        (TWICE, dict(class_name='cat'), True),
        (['data/0.jpg'] * 2, dict(class_name='cat'), False),
    ],
)
def test_two_predictions_are_not_one_file(paths, more, refused, tmp_path):
    test = runner(asked=('background', 'a'))
    test.hooks = []
    test.test_dataloader.dataset = Folders(paths, **more)
    test.test_loop.evaluator.metrics = [
        IoUMetric(),
        IoUMetric(output_dir=str(tmp_path)),
    ]
    if refused:
        with pytest.raises(ValueError, match='would be the prediction of da'):
            HonestScoresHook().before_test(test)
        test.test_loop.evaluator.metrics = [IoUMetric()]
    HonestScoresHook().before_test(test)


def test_a_visualizer_that_draws_hears_of_all_pictures():
    test = runner(asked=('background', 'a'))
    test.test_dataloader.dataset = Folders(TWICE)
    heard = []
    test.visualizer.tell_apart = heard.extend
    for draw in (False, True):
        hook = SegVisualizationHook.__new__(SegVisualizationHook)
        hook.draw = draw
        test.hooks = [hook]
        HonestScoresHook().before_test(test)
        assert heard == TWICE * draw


def test_a_model_of_mmsegs_is_not_tested_half_random(tmp_path):
    cfg = Config.fromfile(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')
    cfg.model = dict(
        type='EncoderDecoder',
        data_preprocessor=cfg.data_preprocessor,
        backbone=dict(type='ResNet', depth=18),
        decode_head=dict(
            type='FCNHead', in_channels=512, channels=8, num_convs=1, num_classes=21
        ),
        auxiliary_head=dict(
            type='FCNHead', in_channels=256, channels=8, in_index=2, num_classes=21
        ),
        test_cfg=dict(mode='whole'),
    )
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.length = 2
    cfg.visualizer.vis_backends = cfg.custom_hooks = None
    cfg.update(work_dir=str(tmp_path), log_level='ERROR')
    state = Runner.from_cfg(cfg).model.state_dict()
    for path, lacks in (
        ('none', None),
        ('a.pth', 'auxiliary_head'),
        ('d.pth', 'decode_head.convs'),
    ):
        cfg.load_from = str(tmp_path / path)
        torch.save(
            dict(
                state_dict={
                    key: value
                    for key, value in state.items()
                    if not key.startswith(lacks or 'nothing')
                }
            ),
            cfg.load_from,
        )
        test = Runner.from_cfg(cfg)
        if path == 'd.pth':
            with pytest.raises(ValueError, match='no weights for 2 learned'):
                test.test()
        else:
            assert 'mIoU' in test.test()
