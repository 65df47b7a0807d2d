"""A score that means nothing must not look like one."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook, LoggerHook
from mmengine.model import is_model_wrapper
from mmseg.engine.hooks import SegVisualizationHook
from mmseg.models import SegTTAModel
from mmseg.registry import HOOKS

from ...datasets import EpisodeDataset, check_label_maps
from ...datasets.coco import seen_among
from ...datasets.wrappers import wrapped_datasets
from ...evaluation.metrics.protocol_iou_metric import name_protocols
from ...evaluation.protocol import dataset_protocol
from ...models.segmentors.text_prompted import asks_by_name
from ...utils.config_variables import unheeded
from ...utils.files import some
from ...utils.log import warn
from .checks import (
    check_episodes,
    check_outputs,
    check_single_channel,
    check_vocabulary,
    guard_masks,
    unseen_classes,
)


def _model(runner):
    """The model inside a wrapper for processes."""
    model = runner.model
    return model.module if is_model_wrapper(model) else model


def _segmentor(runner):
    """The segmentor inside wrappers for processes and for test time."""
    model = _model(runner)
    return getattr(model, 'module', model)


def _has_random_weights(runner) -> bool:
    """Whether the scores mean nothing, within whatever wraps the model."""
    model = runner.model
    while model is not None:
        if getattr(model, 'has_random_weights', False):
            return True
        model = getattr(model, 'module', None)
    return False


def _trained_classes(meta: dict) -> Sequence[str]:
    """Those whose masks a data set shows in training."""
    return meta.get('base_classes', meta.get('classes', ()))


def _episode_datasets(dataset) -> Iterator[EpisodeDataset]:
    """Within whatever mmengine wraps around a data set."""
    if isinstance(dataset, EpisodeDataset):
        yield dataset
        return
    for inner in wrapped_datasets(dataset):
        yield from _episode_datasets(inner)


def _img_paths(dataset) -> list[str]:
    """Of the pictures that a test will see, as far as they are files."""
    indices = range(len(dataset))
    if isinstance(dataset, EpisodeDataset):
        # A picture is in as many samples as it has classes.
        indices = dict(dataset.samples)
        dataset = dataset.dataset
    infos = map(dataset.get_data_info, indices)
    return [info['img_path'] for info in infos if info.get('img_path')]


@HOOKS.register_module()
class HonestScoresHook(Hook):
    """Looks after the meaning of what an evaluation prints.

    Before it: model, data set and metrics must fit each other, see
    :mod:`mmseg_clsclip.engine.hooks.checks`; a checkpoint, or the training
    just run, should not have seen the classes that count as unseen; and of several
    processes only the first keeps the file of results. After it: a warning if
    the CLIP behind the scores is random, as with ``pretrained=None``.
    Before a training: its data set must not be that of a test. Before all:
    the config must not override a variable that nothing reads any more.
    """

    priority = 'VERY_LOW'  # below the line that the logger prints

    _trained: dict = {}  # metainfo of the training set
    _seen: frozenset = frozenset()  # classes whose masks were trained on
    _missing: Sequence[str] = ()  # learned parts that no checkpoint had

    def before_run(self, runner) -> None:
        """Be the only one: an older config names it in custom_hooks, too.

        Raises:
            ValueError: If the config overrides a variable in vain.
        """
        told = unheeded(runner.cfg)
        if told:
            raise ValueError(' '.join(told))
        for hook in [
            hook
            for hook in runner.hooks
            if type(hook) is type(self) and hook is not self
        ]:
            runner.hooks.remove(hook)
        _segmentor(runner).register_load_state_dict_post_hook(self._note_missing)

    def _note_missing(self, segmentor, keys) -> None:
        """Remember what a model of mmseg's, which does not look, lacks."""
        learned = {
            name
            for name, parameter in segmentor.named_parameters()
            if parameter.requires_grad
        }
        self._missing = [
            key
            for key in keys.missing_keys
            if key in learned and not key.startswith('auxiliary_head')
        ]  # training's alone

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Remember what the checkpoint was trained on.

        Raises:
            ValueError: If it holds nothing, and the model has learned parts.
        """
        learned = [
            name
            for name, parameter in _segmentor(runner).named_parameters()
            if parameter.requires_grad
        ]
        if learned and not checkpoint.get('state_dict', checkpoint):
            raise ValueError(
                'The checkpoint holds no weights, which does for a model '
                f'without training; this one has learned {learned[0]} and '
                f'{len(learned) - 1} more. Name its checkpoint.'
            )
        meta = checkpoint.get('meta') or {}
        self._trained = dict(meta.get('dataset_meta') or {})
        self._seen = frozenset(
            meta.get('seen_classes') or _trained_classes(self._trained)
        )

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Write down what was trained on, an earlier training included."""
        checkpoint['meta']['seen_classes'] = sorted(self._seen)

    def before_train(self, runner) -> None:
        """Refuse to train on a test's episodes; remember what is trained on.

        Raises:
            ValueError: If the data set asks for its novel classes.
        """
        dataset = runner.train_dataloader.dataset
        parts = list(_episode_datasets(dataset))
        if any(part.test_mode for part in parts):
            raise ValueError(
                "The training's data set is in test mode, in which it asks "
                "for its novel classes. Write split='train', or take "
                'test_mode=True out of the data set that is wrapped.'
            )
        # Of joined data sets the first one's metainfo is that of all.
        metas = [part.metainfo for part in parts or [dataset]]
        seen = seen_among(
            [name for meta in metas for name in meta.get('novel_classes', ())],
            self._seen,
        )
        if seen:
            warn(
                'The checkpoint that this training begins with was trained '
                f'on masks of {", ".join(seen)}, which count as unseen here: '
                'scores of what comes out are NOT zero-shot.'
            )
        self._missing = ()
        guard_masks(dataset, _model(runner), _segmentor(runner))
        self._trained = dict(metas[0])
        self._seen = self._seen.union(*map(_trained_classes, metas))

    def before_val(self, runner) -> None:
        """Compare before a validation."""
        self._prepare(runner, runner.val_dataloader.dataset, runner.val_loop.evaluator)

    def before_test(self, runner) -> None:
        """Compare before a test."""
        dataset = runner.test_dataloader.dataset
        self._prepare(runner, dataset, runner.test_loop.evaluator)
        proposals = getattr(_model(runner), 'proposals', None)
        if proposals is not None and hasattr(dataset, 'get_data_info'):
            proposals.check_pictures(_img_paths(dataset))
        if not is_main_process():
            self._write_aside(runner)

    def _tell_apart(self, runner, dataset, evaluator) -> None:
        """Two pictures of one name must not become one file."""
        folders = [
            metric.output_dir
            for metric in getattr(evaluator, 'metrics', ())
            if getattr(metric, 'output_dir', None)
        ]
        draws = hasattr(runner.visualizer, 'tell_apart') and any(
            isinstance(hook, SegVisualizationHook) and hook.draw
            for hook in runner.hooks
        )
        if not (folders or draws) or not hasattr(dataset, 'get_data_info'):
            return
        samples = [
            info
            for info in map(dataset.get_data_info, range(len(dataset)))
            if info.get('img_path')
        ]
        for folder in folders:
            check_outputs(folder, samples)
        if draws:
            runner.visualizer.tell_apart(info['img_path'] for info in samples)

    def _write_aside(self, runner) -> None:
        """Send this process's file of results to a temporary folder.

        mmengine 0.10's LoggerHook writes it from every process, under one
        name and at one time, and its tail can be that of another's.
        """
        self._aside = tempfile.TemporaryDirectory()  # gone with this hook
        for hook in runner.hooks:
            if isinstance(hook, LoggerHook):
                hook.json_log_path = str(Path(self._aside.name) / 'results.json')

    def _prepare(self, runner, dataset, evaluator) -> None:
        """Check that all fit each other, and let them name what they show."""
        segmentor = _segmentor(runner)
        if self._missing:
            raise ValueError(
                f'The checkpoint has no weights for {len(self._missing)} '
                f'learned parts of the model ({some(self._missing, 3)}): they '
                'are random. Take the config that it was trained with.'
            )
        episodes = list(_episode_datasets(dataset))
        for part in episodes:
            check_episodes(segmentor, part, evaluator)
        if asks_by_name(segmentor):
            if isinstance(_model(runner), SegTTAModel):
                check_single_channel(segmentor, bool(episodes))
            if not episodes:
                check_vocabulary(
                    segmentor.dataset_meta['classes'],
                    tuple(dataset.metainfo['classes']),
                )
        if not episodes:
            guard_masks(dataset, _model(runner), segmentor)
            check_label_maps(dataset, getattr(evaluator, 'metrics', ()))
        seen = seen_among(unseen_classes(dataset, evaluator), self._seen)
        if seen:
            warn(
                'The scores of unseen classes below are NOT zero-shot: the '
                f'checkpoint was trained on masks of {", ".join(seen)}. Take '
                'the checkpoint of this fold.'
            )
        # Metrics name what they measured, and what training saw.
        protocol = dataset_protocol(dataset)
        trained = self._trained.get('protocol') or {}
        if 'novel_handling' in trained:
            protocol['novel_handling'] = trained['novel_handling']
        if seen:
            protocol['trained_on_unseen'] = seen
        if _has_random_weights(runner):
            protocol['random_weights'] = True
        name_protocols(getattr(evaluator, 'metrics', ()))
        evaluator.dataset_meta = dict(dataset.metainfo, protocol=protocol)
        if episodes:
            # mmseg's own visualizer would draw their 1 as class 1.
            runner.visualizer.dataset_meta = dict(
                classes=('background', 'asked for'), palette=[[0, 0, 0], [255, 0, 255]]
            )
        self._tell_apart(runner, dataset, evaluator)

    def after_val_epoch(self, runner, metrics=None) -> None:
        """Warn below the scores."""
        if _has_random_weights(runner):
            warn(
                'The scores above mean NOTHING: this model stands on random '
                'weights (as with pretrained=None).'
            )

    def after_test_epoch(self, runner, metrics=None) -> None:
        """Warn below the scores, of the proposals too."""
        self.after_val_epoch(runner)
        proposals = getattr(_model(runner), 'proposals', None)
        report = '' if proposals is None else proposals.report()
        if report:
            # Each process counts what it has seen; only one is heard.
            number = get_world_size()
            warn(
                report
                if number == 1
                else f'{report} (The share of the first of {number} processes.)'
            )
