"""EvaluationGuardHook: a score that means nothing must not look like one."""

import tempfile
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from mmengine.dist import get_world_size, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.hooks import CheckpointHook, Hook, LoggerHook
from mmengine.runner import Runner
from mmseg.models import SegTTAModel
from mmseg.registry import HOOKS

from mmseg_clsclip_cli.messages import first_few

from ...datasets import check_label_maps
from ...models.segmentors.padding_check import check_padding
from ...models.segmentors.text_prompted import TextPromptedSegmentor, asks_by_name
from ...models.segmentors.wrappers import find_learned, has_random_weights, is_untrained
from ...utils.checkpoint import check_weights
from ...utils.config_variables import heeded_in_part, unheeded
from ...utils.log import warn
from .checks import (
    check_episodes,
    check_merged,
    check_output_files,
    check_prefixes,
    check_proposals,
    check_vocabulary,
    guard_masks,
)
from .training_checks import check_choice, check_end, check_kept, validates_unseen
from .unwrapping import (
    find_episode_datasets,
    find_model,
    find_proposals,
    find_segmentor,
)


@HOOKS.register_module()
class EvaluationGuardHook(Hook):
    """Refuses runs whose figures would be of something else.

    Before an evaluation: model, data set and metrics must fit each other, see
    :mod:`mmseg_clsclip.engine.hooks.checks`, and every learned part must have
    weights; of several processes only the first keeps the file of results. In it
    all padding of a picture must be taken off again, see :func:`check_padding`.
    After it: a warning if the CLIP behind the scores is random, as with
    ``pretrained=None``, or the learned parts are, and of what was wrong with
    proposals. Before a training: its data set must not be that of a test, what is
    learned must be kept, an epoch must end, and two checkpoints are kept. Before
    all: the config must not override or set in vain what nothing reads.
    """

    priority = 'VERY_LOW'  # below the line that the logger prints

    _parts_without_weights: Sequence[str] = ()

    def before_run(self, runner: Runner) -> None:
        """Refuse variables that are overridden in vain, and watch the model.

        Raises:
            ValueError: If the config has one.
        """
        problems = unheeded(runner.cfg)
        if problems:
            raise ValueError(' '.join(problems))
        for message in heeded_in_part(runner.cfg):
            warn(message)
        segmentor = find_segmentor(runner)
        segmentor.register_load_state_dict_post_hook(
            self._remember_parts_without_weights
        )
        if not isinstance(segmentor, TextPromptedSegmentor):  # which looks itself
            segmentor.data_preprocessor.register_forward_pre_hook(check_padding)

    def _remember_parts_without_weights(self, segmentor, keys) -> None:
        """Remember what a model of mmseg's, which does not look, lacks."""
        learned = find_learned(segmentor)
        self._parts_without_weights = [
            key
            for key in keys.missing_keys
            if key in learned and not key.startswith('auxiliary_head')
        ]  # training's alone

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse a checkpoint without weights, or with damaged ones.

        The former are for models without learned parts.

        Raises:
            ValueError: If it is one.
        """
        segmentor = find_segmentor(runner)
        learned = find_learned(segmentor)
        weights = checkpoint.get('state_dict', checkpoint)
        if learned and not weights:
            raise ValueError(
                'The checkpoint holds no weights, which is valid for a model '
                f'without training; this one has learned {learned[0]} and '
                f'{len(learned) - 1} more. Name its checkpoint.'
            )
        check_weights(segmentor, weights)

    def before_train(self, runner: Runner) -> None:
        """Refuse to train on a test's episodes, for nothing, or without end.

        Raises:
            ValueError: If the data set asks for its novel classes, what is learned
                would be in no checkpoint, or an epoch would not end.
        """
        dataset = runner.train_dataloader.dataset
        if any(part.test_mode for part in find_episode_datasets(dataset)):
            raise ValueError(
                "The training's data set is in test mode, in which it asks "
                "for its novel classes. Write split='train', or take "
                'test_mode=True out of the data set that is wrapped.'
            )
        check_kept(find_segmentor(runner))
        check_end(runner.train_loop, runner.train_dataloader)
        check_choice(runner.hooks, validates_unseen(runner))
        self._parts_without_weights = ()
        find_segmentor(runner).is_trained = True
        self._keep_two_checkpoints(runner)
        guard_masks(dataset, find_model(runner), find_segmentor(runner))

    def _keep_two_checkpoints(self, runner: Runner) -> None:
        """Keep the last checkpoint until the next one is whole.

        mmengine removes the oldest before it writes: of one, nothing is left
        of a training that ends in between.
        """
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook) and hook.max_keep_ckpts == 1:
                hook.max_keep_ckpts = 2
                if hasattr(hook, 'keep_ckpt_ids'):  # set up before this hook
                    hook.keep_ckpt_ids = deque(hook.keep_ckpt_ids, 2)
                warn(
                    'Two checkpoints are kept, not max_keep_ckpts=1: the only '
                    'one would be removed before the next is written.'
                )

    def before_val(self, runner: Runner) -> None:
        """Refuse a validation whose parts do not fit each other."""
        self._check_fit(
            runner, runner.val_dataloader.dataset, runner.val_loop.evaluator
        )

    def before_test(self, runner: Runner) -> None:
        """Refuse a test whose parts do not fit each other."""
        dataset = runner.test_dataloader.dataset
        self._check_fit(runner, dataset, runner.test_loop.evaluator)
        check_proposals(find_model(runner), dataset)
        if not is_main_process():
            self._write_results_aside(runner)

    def _check_fit(self, runner: Runner, dataset, evaluator: Evaluator) -> None:
        """Check that model, data set and metrics fit each other.

        Raises:
            ValueError: If they do not.
        """
        segmentor = find_segmentor(runner)
        missing = self._parts_without_weights
        if missing:
            raise ValueError(
                f'The checkpoint has no weights for {len(missing)} '
                f'learned parts of the model ({first_few(missing, 3)}): they '
                'are random. Take the config that it was trained with.'
            )
        episodes = list(find_episode_datasets(dataset))
        for part in episodes:
            check_episodes(segmentor, part, evaluator.metrics)
        if asks_by_name(segmentor):
            if isinstance(find_model(runner), SegTTAModel):
                check_merged(segmentor, bool(episodes))
            if not episodes:
                check_vocabulary(
                    segmentor.dataset_meta['classes'],
                    tuple(dataset.metainfo['classes']),
                )
        if not episodes:
            guard_masks(dataset, find_model(runner), segmentor)
            check_label_maps(dataset, evaluator.metrics)
        check_output_files(evaluator.metrics, dataset)
        check_prefixes(evaluator.metrics)

    def _write_results_aside(self, runner: Runner) -> None:
        """Send this process's file of results to a temporary folder.

        mmengine 0.10's LoggerHook writes it from every process, under one
        name and at one time, and its tail can be that of another's.
        """
        self._aside = tempfile.TemporaryDirectory()  # gone with this hook
        for hook in runner.hooks:
            if isinstance(hook, LoggerHook):
                hook.json_log_path = str(Path(self._aside.name) / 'results.json')

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Warn of random weights below the scores."""
        if has_random_weights(runner.model):
            warn(
                'The scores above mean NOTHING: this model stands on random '
                'weights (as with pretrained=None).'
            )
        elif is_untrained(runner.model):
            warn(
                'No checkpoint was loaded: the learned parts of this model are '
                'random, and the scores above mean NOTHING. Name its checkpoint.'
            )

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Warn of random weights and of wrong proposals below the scores."""
        self.after_val_epoch(runner)
        proposals = find_proposals(find_model(runner))
        report = '' if proposals is None else proposals.report()
        if report:
            # Each process counts what it has seen; only one is heard.
            number = get_world_size()
            warn(
                report
                if number == 1
                else f'{report} (The share of the first of {number} processes.)'
            )
