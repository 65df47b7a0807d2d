"""What the hook refuses, warns of and lets pass."""

import copy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook, EarlyStoppingHook, IterTimerHook, LoggerHook
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner
from mmseg.evaluation import IoUMetric
from mmseg.models import SegTTAModel
from mmseg.registry import DATASETS, METRICS
from torch import nn
from torch.utils.data import DataLoader

from mmseg_clsclip import (
    EpisodeIoUMetric,
    EvaluationGuardHook,
    GeneralizedZeroShotIoUMetric,
    ZoomIn,
)
from mmseg_clsclip.engine.hooks import checks, evaluation_guard_hook, training_checks
from mmseg_clsclip.models.clip.frozen import Frozen

ROOT = Path(__file__).parents[3]
TRUTH = ('background', 'a', 'b')


def test_the_data_sets_own_vocabulary_passes(logged, runner):
    EvaluationGuardHook().before_test(runner())
    EvaluationGuardHook().after_test_epoch(runner())
    assert not logged


def test_a_vocabulary_of_another_size_is_refused(runner):
    with pytest.raises(ValueError, match='asked for 2 classes.*set has 3'):
        EvaluationGuardHook().before_test(runner(asked=('a', 'b')))


def test_other_names_are_warned_of(logged, runner):
    EvaluationGuardHook().before_val(runner(asked=('background', 'a', 'c')))
    assert "2: 'c' for 'b'. Are they in the same order?" in logged[0]
    with pytest.raises(ValueError, match="'b', 'a': the model has them as other"):
        EvaluationGuardHook().before_val(runner(asked=('background', 'b', 'a')))


def test_random_weights_are_named_below_the_scores(logged, runner):
    EvaluationGuardHook().after_test_epoch(runner(random=True))
    assert 'mean NOTHING' in logged[0]


def test_one_channel_is_no_matter_for_mmsegs_test_time_augmentation(runner):
    run = runner(asked=('a',))
    run.model.with_background, run.model.test_cfg = False, {}
    run.test_dataloader.dataset.metainfo = dict(classes=('a',))
    EvaluationGuardHook().before_test(run)
    module, run.model = run.model, SegTTAModel.__new__(SegTTAModel)
    nn.Module.__init__(run.model)
    object.__setattr__(run.model, 'module', module)
    with pytest.raises(ValueError, match='Test without --tta'):
        EvaluationGuardHook().before_test(run)
    module.with_background, module.dataset_meta = True, dict(classes=TRUTH)
    run.test_dataloader.dataset.metainfo = dict(classes=TRUTH)
    EvaluationGuardHook().before_test(run)
    module.test_cfg = dict(labels_only=True)
    with pytest.raises(ValueError, match='take labels_only out of model.test_cfg'):
        EvaluationGuardHook().before_test(run)


def test_models_without_a_vocabulary_are_left_alone(logged, runner):
    EvaluationGuardHook().before_test(runner(asked=('x',), encoder=False))
    san = runner(asked=('x',))
    san.model.text_encoder = object()  # has no names
    EvaluationGuardHook().before_test(san)
    assert not logged


EPISODES = dict(
    type='EpisodeDataset',
    dataset=dict(type='Shapes5iDataset', split='test', length=4, test_mode=True),
)


def test_episodes_need_a_data_set_a_metric_and_a_model_for_them(runner):
    def compare(model=None, metric=None, test_mode=True):
        test = runner()
        test.test_dataloader.dataset = DATASETS.build(
            dict(EPISODES, dataset=dict(EPISODES['dataset'], test_mode=test_mode))
        )
        test.test_loop.evaluator.metrics = [metric or EpisodeIoUMetric()]
        test.model = model or test.model
        EvaluationGuardHook().before_test(test)

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
    checks.check_episodes(test.model, test.test_dataloader.dataset, [IoUMetric()])
    # Of two classes 0 is one of them, and not what was not asked for.
    test.test_dataloader.dataset.metainfo = dict(classes=('b', 'a'))
    with pytest.raises(ValueError, match='Take EpisodeIoUMetric'):
        checks.check_episodes(test.model, test.test_dataloader.dataset, [IoUMetric()])
    closed = runner(encoder=False).model
    closed.out_channels = 21
    with pytest.raises(ValueError, match='SimpleNamespace cannot be asked'):
        compare(closed)


def test_training_on_a_tests_episodes_is_refused(runner, joined):
    def train(dataset):
        run = runner()
        run.train_dataloader = SimpleNamespace(dataset=dataset)
        EvaluationGuardHook().before_train(run)

    test, training = (
        DATASETS.build(
            dict(
                type='EpisodeDataset',
                dataset=dict(SHAPES, length=9, test_mode=test_mode),
            )
        )
        for test_mode in (True, False)
    )
    wrapped = SimpleNamespace(dataset=test, metainfo=test.metainfo)
    for dataset in (test, wrapped, joined(True, 0, 1)):
        with pytest.raises(ValueError, match='asks for its novel classes'):
            train(dataset)
    train(training)
    train(joined(False, 0, 1))


def test_what_is_learned_is_in_a_checkpoint():
    class Segmentor(nn.Module):
        def __init__(self):
            super().__init__()
            self.tower = Frozen(nn.Linear(2, 2))
            self.head = nn.Linear(2, 2)

    model = Segmentor()
    training_checks.check_kept(model)
    model.tower.module.register_parameter('lora', nn.Parameter(torch.zeros(2)))
    with pytest.raises(ValueError, match='^tower.module.lora would be trained and be'):
        training_checks.check_kept(model)


def test_an_epoch_ends():
    def check(kind, sampler):
        loader = DataLoader([1, 2], sampler=sampler([1, 2]))
        training_checks.check_end(kind.__new__(kind), loader)

    check(IterBasedTrainLoop, InfiniteSampler)
    check(EpochBasedTrainLoop, DefaultSampler)
    with pytest.raises(ValueError, match="has none. Write .*type='DefaultSampler'"):
        check(EpochBasedTrainLoop, InfiniteSampler)


@pytest.mark.parametrize(
    ('figures', 'told'),
    [
        ('miou_seen', []),
        (None, []),
        (['miou_seen', 'open/mIoU_unseen'], ['open/mIoU_unseen']),
        ('hIoU', ['hIoU']),
    ],
)
def test_a_choice_by_unseen_classes_is_told(logged, figures, told):
    for hook in (
        CheckpointHook(save_best=figures, rule='greater'),
        *(
            [EarlyStoppingHook(figures, rule='greater')]
            if isinstance(figures, str)
            else []
        ),
    ):
        logged.clear()
        training_checks.check_choice([hook, IterTimerHook()])
        assert [f'is chosen by {name}, with' in logged[0] for name in told] == [
            True for _ in logged
        ]


@pytest.mark.parametrize('figure', ['auto', 'fb_iou', 'a/mIoU', 'miou_seen'])
@pytest.mark.parametrize('asked', ['novel', 'base', 'all'])
def test_a_figure_of_all_that_a_validation_asks_is_of_unseen_classes(
    runner, logged, figure, asked
):
    training = runner()
    training.hooks = [CheckpointHook(save_best=figure, rule='greater')]
    training.train_dataloader = training.val_dataloader
    training.val_loop.dataloader.dataset = DATASETS.build(
        dict(
            type='EpisodeDataset',
            test_classes=asked,
            dataset=dict(SHAPES, length=9, test_mode=True),
        )
    )
    EvaluationGuardHook().before_train(training)
    told = asked != 'base' and figure != 'miou_seen'
    assert [f'is chosen by {figure}, with' in line for line in logged] == [True] * told


def test_unseen_classes_of_a_metric_are_in_its_figures(runner, logged):
    training = runner()
    training.hooks = [CheckpointHook(save_best='mIoU', rule='greater')]
    training.train_dataloader = training.val_dataloader
    for unseen, told in ((None, 0), (['a'], 1)):
        training.val_loop.evaluator.metrics = [SimpleNamespace(unseen_classes=unseen)]
        EvaluationGuardHook().before_train(training)
        assert len(logged) == told
    training.val_loop = None
    EvaluationGuardHook().before_train(training)
    assert len(logged) == 1


def test_joined_data_sets_are_what_each_of_them_is(runner, joined, logged):
    test = runner()  # asks for two names, the data sets have twenty
    test.test_loop.evaluator.metrics = [EpisodeIoUMetric()]
    test.test_dataloader.dataset = joined(True, 0, 1)
    EvaluationGuardHook().before_test(test)
    test.test_dataloader.dataset = joined(False, 0, 1)
    with pytest.raises(ValueError, match='is in training mode'):
        EvaluationGuardHook().before_test(test)
    assert not logged


def test_no_weights_do_only_for_a_model_without_training(runner):
    test, nothing = runner(), dict(state_dict={}, meta={})
    EvaluationGuardHook().after_load_checkpoint(test, nothing)
    test.model.named_parameters = nn.Linear(2, 2).named_parameters
    EvaluationGuardHook().after_load_checkpoint(test, dict(state_dict=dict(weight=0)))
    with pytest.raises(ValueError, match='learned weight and 1 more'):
        EvaluationGuardHook().after_load_checkpoint(test, nothing)


def test_only_the_first_process_keeps_the_file_of_results(monkeypatch, runner):
    logger = LoggerHook()
    logger.json_log_path = 'time.json'
    test = runner()
    test.hooks = [IterTimerHook(), logger]
    hook = EvaluationGuardHook()
    hook.before_test(test)
    assert logger.json_log_path == 'time.json'
    monkeypatch.setattr(evaluation_guard_hook, 'is_main_process', lambda: False)
    hook.before_test(test)
    aside = Path(logger.json_log_path)
    assert aside.is_absolute() and aside.parent.is_dir()


class Proposals:
    """Remembers what it is asked."""

    def __init__(self, report=''):
        self.checked, self.report = [], lambda: report

    def check_pictures(self, img_paths):
        self.checked += img_paths


def zooming(runner, report='', dataset=None):
    """A runner whose model has proposals, around a segmentor."""
    test = runner(encoder=False)
    zoom_in, proposals = ZoomIn.__new__(ZoomIn), Proposals(report)
    zoom_in.__dict__.update(module=test.model, proposals=proposals)
    test.model = zoom_in
    test.test_dataloader.dataset = dataset or DATASETS.build(SHAPES)
    return test, proposals


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
def test_proposals_are_asked_about_every_picture_once(dataset, logged, runner):
    test, proposals = zooming(runner, dataset=DATASETS.build(dataset))
    EvaluationGuardHook().before_test(test)
    assert sorted(proposals.checked) == PATHS
    EvaluationGuardHook().after_test_epoch(test)
    assert not logged


def test_only_the_pictures_that_are_tested_are_asked_about(runner):
    dataset = DATASETS.build(dict(type='EpisodeDataset', dataset=SHAPES, episodes=1))
    test, proposals = zooming(runner, dataset=dataset)
    EvaluationGuardHook().before_test(test)
    assert proposals.checked == PATHS[:1]


def test_a_data_set_that_names_no_pictures_is_let_pass(runner):
    test, proposals = zooming(runner, dataset=runner().test_dataloader.dataset)
    EvaluationGuardHook().before_test(test)
    assert not proposals.checked


def test_proposals_are_found_behind_a_wrapper_for_processes(runner):
    test, proposals = zooming(runner)
    wrapper = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
    object.__setattr__(wrapper, '__dict__', dict(module=test.model))
    test.model = wrapper
    EvaluationGuardHook().before_test(test)
    assert proposals.checked == PATHS


def test_what_was_wrong_with_proposals_is_said_below_the_scores(
    logged, monkeypatch, runner
):
    test, _ = zooming(runner, 'File: 3 inverted boxes.')
    EvaluationGuardHook().after_test_epoch(test)
    assert logged == ['File: 3 inverted boxes.']
    monkeypatch.setattr(evaluation_guard_hook, 'get_world_size', lambda: 2)
    EvaluationGuardHook().after_test_epoch(test)
    assert 'the first of 2 processes' in logged[1]


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
def test_two_predictions_are_not_one_file(paths, more, refused, tmp_path, runner):
    test = runner(asked=('background', 'a'))
    test.test_dataloader.dataset = Folders(paths, **more)
    test.test_loop.evaluator.metrics = [
        IoUMetric(),
        IoUMetric(output_dir=str(tmp_path), prefix='second'),
    ]
    if refused:
        with pytest.raises(ValueError, match='would be the prediction of da'):
            EvaluationGuardHook().before_test(test)
        test.test_loop.evaluator.metrics = [IoUMetric()]
    EvaluationGuardHook().before_test(test)


@pytest.mark.parametrize(
    'kind', ['EpisodeIoUMetric', 'GeneralizedZeroShotIoUMetric', 'IoUMetric']
)
def test_figures_of_two_metrics_have_two_prefixes(kind, runner):
    def check(*prefixes):
        test = runner()
        test.test_loop.evaluator.metrics = [
            METRICS.build(dict(type=kind, prefix=prefix)) for prefix in prefixes
        ] + [METRICS.build(dict(type='ErrorSharesMetric'))]
        EvaluationGuardHook().before_test(test)

    for alike in ((None, None), ('a', 'b', 'a'), ('errors',)):
        with pytest.raises(ValueError, match="would have the same names, .*prefix='"):
            check(*alike)
    check(None, 'a')
    check('a', 'b')


def fcn_on_shapes(tmp_path):
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
    return cfg


def test_a_model_of_mmsegs_does_not_pad_twice(tmp_path):
    cfg = fcn_on_shapes(tmp_path)
    pad = dict(type='RemovablePad', size=(80, 72), pad_val=dict(img=(104, 117, 123)))
    pipeline = cfg.test_dataloader.dataset.pipeline
    pipeline.insert(2, pad)
    pipeline[-1].meta_keys = (*cfg.meta_keys, 'padding_size')
    assert 'mIoU' in Runner.from_cfg(cfg).test()
    cfg.model.data_preprocessor.test_cfg = dict(size_divisor=32)
    with pytest.raises(ValueError, match=r'padding_size=\(0, 16, 0, 8\).*size_divisor'):
        Runner.from_cfg(cfg).test()


def test_a_model_of_mmsegs_is_not_tested_half_random(tmp_path):
    cfg = fcn_on_shapes(tmp_path)
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


def small_shapes(tmp_path, **options):
    cfg = Config.fromfile(ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py')
    for split in (cfg.train_dataloader, cfg.test_dataloader):
        split.update(num_workers=0, persistent_workers=False)
        split.dataset.dataset.length = 4
    cfg.train_dataloader.batch_size = 2
    cfg.train_cfg.update(max_iters=3)
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=1)
    cfg.visualizer.vis_backends = None
    cfg.update(work_dir=str(tmp_path), log_level='ERROR', **options)
    return cfg


CHECKPOINT = ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth'


def protocol_of(test):
    return test.test_loop.evaluator.dataset_meta['protocol']


def test_scores_of_an_untrained_head_mean_nothing(tmp_path, logged):
    test = Runner.from_cfg(small_shapes(tmp_path))
    test.test()
    assert protocol_of(test)['random_weights'] is True
    (line,) = logged
    assert line.startswith('No checkpoint was loaded') and 'mean NOTHING' in line


def test_bare_weights_are_tested_as_of_unknown_training(tmp_path, logged):
    path = str(tmp_path / 'bare.pth')
    torch.save(torch.load(CHECKPOINT)['state_dict'], path)
    test = Runner.from_cfg(small_shapes(tmp_path, load_from=path))
    test.test()
    assert protocol_of(test)['trained_on'] == 'unknown'
    assert 'random_weights' not in protocol_of(test)
    (line,) = logged
    assert 'does not say what it was trained on' in line


@pytest.mark.parametrize('zoom_in', [False, True])
def test_a_result_says_which_names_are_asked(tmp_path, logged, zoom_in):
    presence = dict(
        type='CLIPPresence', views='whole', calibration=dict(chosen_on='ten pictures')
    )
    cfg = small_shapes(tmp_path / 'one', load_from=str(CHECKPOINT))
    cfg.model.presence = presence
    if zoom_in:
        cfg.model = dict(
            type='ZoomIn',
            module=cfg.model,
            proposals=dict(type='WindowProposals'),
            resize=dict(type='Resize', scale=(64, 64)),
        )
        cfg.test_dataloader.dataset.pipeline = cfg.zoom_in_pipeline
    test = Runner.from_cfg(copy.deepcopy(cfg))
    test.test()
    assert 'presence' not in protocol_of(test)  # of episodes it has no say
    assert any("The model's presence is not used" in line for line in logged)
    whole = Config.fromfile(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')
    cfg.test_dataloader.dataset = whole.test_dataloader.dataset
    cfg.test_dataloader.dataset.length = 2
    cfg.test_evaluator = whole.test_evaluator
    if zoom_in:
        cfg.test_dataloader.dataset.pipeline = whole.zoom_in_pipeline
    cfg.work_dir = str(tmp_path / 'two')
    test = Runner.from_cfg(cfg)
    test.test()
    assert protocol_of(test)['presence'] == (
        'CLIP, captions of up to 3 names, whole, sharpness 1, weight 1, p at least '
        '0.05; chosen on ten pictures'
    )


def test_the_last_whole_checkpoint_stays_until_the_next_one_is(
    tmp_path, logged, monkeypatch
):
    cfg = small_shapes(tmp_path)
    save, saved = LocalBackend.put, []

    def save_two(self, content, path):
        saved.append(path)
        if len(saved) == 3:
            raise OSError(28, 'No space left on device')
        save(self, content, path)

    monkeypatch.setattr(LocalBackend, 'put', save_two)
    with pytest.raises(OSError, match='No space'):
        Runner.from_cfg(copy.deepcopy(cfg)).train()
    assert 'Two checkpoints are kept, not max_keep_ckpts=1' in logged[0]
    assert (tmp_path / 'iter_2.pth').exists()
    cfg.resume = True
    run = Runner.from_cfg(cfg)
    run.train()
    assert run.iter == 3 and (tmp_path / 'iter_3.pth').exists()
    # What is trained in this process needs no checkpoint.
    run.test()
    assert 'random_weights' not in protocol_of(run)
