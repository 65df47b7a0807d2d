"""A score that means nothing must not look like one."""
import logging

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmseg.registry import HOOKS

from ..datasets import EpisodeDataset


def _segmentor(runner):
    """The segmentor inside wrappers for processes and for test time."""
    model = runner.model
    if is_model_wrapper(model):
        model = model.module
    return getattr(model, 'module', model)


@HOOKS.register_module()
class HonestScoresHook(Hook):
    """Looks after the meaning of what an evaluation prints.

    Before it: the vocabulary asked for must be the data set's classes, in
    their order, where mmseg compares label numbers. After it: a warning if the
    CLIP behind the scores is random, as with ``pretrained=None``.
    """
    priority = 'VERY_LOW'  # below the line that the logger prints

    def before_val(self, runner) -> None:
        """Compare before a validation."""
        self._compare(runner, runner.val_dataloader.dataset)

    def before_test(self, runner) -> None:
        """Compare before a test."""
        self._compare(runner, runner.test_dataloader.dataset)

    def _compare(self, runner, dataset) -> None:
        """Refuse a vocabulary of another size, warn of other names.

        Raises:
            ValueError: If labels and classes cannot correspond.
        """
        encoder = getattr(_segmentor(runner), 'text_encoder', None)
        if encoder is None or isinstance(dataset, EpisodeDataset):
            return  # another model, or one that asks by name
        asked = _segmentor(runner).dataset_meta['classes']
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
            print_log(
                'The vocabulary has other names than the data set: '
                f'{"; ".join(pairs[:5])}{"; ..." if len(pairs) > 5 else ""}. '
                'Are they in the same order?',
                logger='current',
                level=logging.WARNING)

    def after_val_epoch(self, runner, metrics=None) -> None:
        """Warn below the scores."""
        if getattr(_segmentor(runner), 'has_random_clip', False):
            print_log(
                'The scores above mean NOTHING: the CLIP of this model has '
                'random weights (pretrained=None).',
                logger='current',
                level=logging.WARNING)

    after_test_epoch = after_val_epoch
