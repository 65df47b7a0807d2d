"""A score that means nothing must not look like one."""
import tempfile
from pathlib import Path

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook, LoggerHook
from mmengine.model import is_model_wrapper
from mmseg.models import SegTTAModel
from mmseg.registry import HOOKS

from ..datasets import EpisodeDataset
from ..log import warn
from .protocol import dataset_protocol


def _model(runner):
    """The model inside a wrapper for processes."""
    model = runner.model
    return model.module if is_model_wrapper(model) else model


def _segmentor(runner):
    """The segmentor inside wrappers for processes and for test time."""
    model = _model(runner)
    return getattr(model, 'module', model)


def _name_dataset(evaluator, dataset) -> None:
    """Let metrics name what they measured, also of mmseg's own data sets."""
    evaluator.dataset_meta = dict(
        dataset.metainfo, protocol=dataset_protocol(dataset))


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

    Before it: the vocabulary asked for must be the data set's classes, in
    their order, where mmseg compares label numbers; a checkpoint must not
    have been trained on the classes that count as unseen; and of several
    processes only the first keeps the file of results. After it: a warning if
    the CLIP behind the scores is random, as with ``pretrained=None``.
    """
    priority = 'VERY_LOW'  # below the line that the logger prints

    _trained: dict = {}

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Remember what the checkpoint was trained on.

        Raises:
            ValueError: If it holds nothing, and the model has learned parts.
        """
        learned = [name for name, parameter in
                   _segmentor(runner).named_parameters()
                   if parameter.requires_grad]
        if learned and not checkpoint.get('state_dict', checkpoint):
            raise ValueError(
                'The checkpoint holds no weights, which does for a model '
                f'without training; this one has learned {learned[0]} and '
                f'{len(learned) - 1} more. Name its checkpoint.')
        meta = checkpoint.get('meta') or {}
        self._trained = dict(meta.get('dataset_meta') or {})

    def before_val(self, runner) -> None:
        """Compare before a validation."""
        dataset = runner.val_dataloader.dataset
        self._compare(runner, dataset)
        _name_dataset(runner.val_loop.evaluator, dataset)

    def before_test(self, runner) -> None:
        """Compare before a test."""
        dataset = runner.test_dataloader.dataset
        self._compare(runner, dataset)
        _name_dataset(runner.test_loop.evaluator, dataset)
        proposals = getattr(_model(runner), 'proposals', None)
        if proposals is not None and hasattr(dataset, 'get_data_info'):
            proposals.check_pictures(_img_paths(dataset))
        if not is_main_process():
            self._write_aside(runner)

    def _write_aside(self, runner) -> None:
        """Send this process's file of results to a temporary folder.

        mmengine 0.10's LoggerHook writes it from every process, under one
        name and at one time, and its tail can be that of another's.
        """
        self._aside = tempfile.TemporaryDirectory()  # gone with this hook
        for hook in runner.hooks:
            if isinstance(hook, LoggerHook):
                hook.json_log_path = str(
                    Path(self._aside.name) / 'results.json')

    def _compare(self, runner, dataset) -> None:
        """Refuse a vocabulary of another size, warn of other names.

        Raises:
            ValueError: If labels and classes cannot correspond.
        """
        self._compare_training(dataset.metainfo)
        segmentor = _segmentor(runner)
        if not hasattr(getattr(segmentor, 'text_encoder', None), 'names'):
            return  # another model, mmseg's SAN among them
        asked = segmentor.dataset_meta['classes']
        episodes = isinstance(dataset, EpisodeDataset)
        channels = 1 + segmentor.with_background if episodes else len(asked)
        if channels == 1 and isinstance(_model(runner), SegTTAModel):
            raise ValueError(
                "mmseg's test-time augmentation takes the sigmoid of a single "
                'channel twice, by which all is foreground. Test without '
                '--tta, or set model.with_background=True.')
        if episodes:
            return  # asked by its name
        truth = tuple(dataset.metainfo['classes'])
        if len(asked) != len(truth):
            raise ValueError(
                f'The model is asked for {len(asked)} classes '
                f'({", ".join(asked[:3])}, ...), the data set has '
                f'{len(truth)} ({", ".join(truth[:3])}, ...). Set '
                'model.text_encoder.vocabulary to the classes of the data '
                'set, and model.with_background to whether its first is the '
                'background.')
        pairs = [f'{i}: {a!r} for {t!r}'
                 for i, (a, t) in enumerate(zip(asked, truth)) if a != t]
        if pairs:
            warn(
                'The vocabulary has other names than the data set: '
                f'{"; ".join(pairs[:5])}{"; ..." if len(pairs) > 5 else ""}. '
                'Are they in the same order?')

    def _compare_training(self, meta: dict) -> None:
        """Warn of unseen classes that were seen, of another filtering."""
        ours = meta.get('protocol') or {}
        theirs = self._trained.get('protocol') or {}
        messages = []
        if 'base_classes' in self._trained:
            seen = sorted(
                set(meta.get('novel_classes', ()))
                & set(self._trained['base_classes']))
            if seen:
                messages.append(
                    'The scores of unseen classes below are NOT zero-shot: '
                    'the checkpoint was trained on masks of '
                    f'{", ".join(seen)}. Take the checkpoint of this fold.')
        told, meant = (p.get('novel_handling') for p in (ours, theirs))
        if told and meant and told != meant:
            messages.append(
                f'The checkpoint was trained with novel_handling={meant!r}, '
                f'the protocol below says {told!r}. Set it in the test data '
                'set too.')
        for message in messages:
            warn(message)

    def after_val_epoch(self, runner, metrics=None) -> None:
        """Warn below the scores."""
        if getattr(_segmentor(runner), 'has_random_weights', False):
            warn('The scores above mean NOTHING: this model stands on random '
                  'weights (as with pretrained=None).')

    def after_test_epoch(self, runner, metrics=None) -> None:
        """Warn below the scores, of the proposals too."""
        self.after_val_epoch(runner)
        proposals = getattr(_model(runner), 'proposals', None)
        report = '' if proposals is None else proposals.report()
        if report:
            # Each process counts what it has seen; only one is heard.
            number = get_world_size()
            warn(report if number == 1 else
                  f'{report} (The share of the first of {number} processes.)')
