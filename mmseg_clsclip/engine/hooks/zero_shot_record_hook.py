"""ZeroShotRecordHook: which classes training saw, in checkpoints and results."""

from collections.abc import Sequence

from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from mmseg_clsclip_cli.messages import first_few

from ...datasets.coco import seen_among
from ...evaluation.metrics.protocol_iou_metric import name_protocols
from ...evaluation.protocol import dataset_protocol
from ...models.segmentors.wrappers import (
    find_learned,
    find_presence,
    has_random_weights,
    is_untrained,
)
from ...utils.keys import (
    BASE_CLASSES,
    NOVEL_CLASSES,
    PROTOCOL,
    SEEN_CLASSES,
    TRAINED_ON,
    UNKNOWN,
    DatasetMeta,
    Protocol,
)
from ...utils.log import warn
from .unwrapping import find_episode_datasets, find_segmentor


def _trained_classes(meta: DatasetMeta) -> Sequence[str]:
    """Return the classes whose masks a data set shows in training."""
    return meta.get(BASE_CLASSES, meta.get('classes', ()))


def _unseen_classes(dataset, metrics: Sequence[BaseMetric]) -> list[str]:
    """Return the classes that count as unseen, by the data set or by a metric."""
    names = list(dataset.metainfo.get(NOVEL_CLASSES, ()))
    for metric in metrics:
        names += getattr(metric, 'unseen_classes', None) or ()
    return list(dict.fromkeys(names))


@HOOKS.register_module()
class ZeroShotRecordHook(Hook):
    """Records which classes training saw, where a reader will look for it.

    Checkpoints name them (``seen_classes``, an earlier training's included),
    and results name in their protocol those of them that count as unseen
    (``trained_on_unseen``), how training treated novel pixels, that nobody
    knows what it saw (``trained_on``), and random weights. A training or an
    evaluation that is not zero-shot is warned of.
    """

    priority = 'VERY_LOW'

    _training_protocol: Protocol = {}
    _seen: frozenset[str] = frozenset()  # an earlier training included
    _trained_on_unknown = False  # an earlier training included

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Remember what the checkpoint was trained on."""
        meta = checkpoint.get('meta') or {}
        dataset_meta = meta.get('dataset_meta') or {}
        self._training_protocol = dataset_meta.get(PROTOCOL) or {}
        self._seen = frozenset(meta.get(SEEN_CLASSES) or _trained_classes(dataset_meta))
        nobody_knows = not self._seen or meta.get(TRAINED_ON) == UNKNOWN
        self._trained_on_unknown = nobody_knows and bool(
            find_learned(find_segmentor(runner))
        )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Write down what was trained on."""
        checkpoint['meta'][SEEN_CLASSES] = sorted(self._seen)
        if self._trained_on_unknown:
            checkpoint['meta'][TRAINED_ON] = UNKNOWN

    def before_train(self, runner: Runner) -> None:
        """Remember what is trained on, and warn if it was seen as unseen before."""
        dataset = runner.train_dataloader.dataset
        # Of joined data sets the first one's metainfo is that of all.
        metas = [part.metainfo for part in find_episode_datasets(dataset)]
        metas = metas or [dataset.metainfo]
        seen = seen_among(
            [name for meta in metas for name in meta.get(NOVEL_CLASSES, ())], self._seen
        )
        if seen:
            warn(
                'The checkpoint that this training begins with was trained '
                f'on masks of {", ".join(seen)}, which count as unseen here: '
                'scores of what comes out are NOT zero-shot.'
            )
        self._training_protocol = metas[0].get(PROTOCOL) or {}
        self._seen = self._seen.union(*map(_trained_classes, metas))

    def before_val(self, runner: Runner) -> None:
        """Tell the metrics of a validation what they measure."""
        self._name_protocol(
            runner, runner.val_dataloader.dataset, runner.val_loop.evaluator
        )

    def before_test(self, runner: Runner) -> None:
        """Tell the metrics of a test what they measure."""
        self._name_protocol(
            runner, runner.test_dataloader.dataset, runner.test_loop.evaluator
        )

    def _name_protocol(self, runner: Runner, dataset, evaluator: Evaluator) -> None:
        """Give the metrics the protocol, and warn if it is not zero-shot."""
        protocol = dataset_protocol(dataset)
        if 'novel_handling' in self._training_protocol:
            protocol['novel_handling'] = self._training_protocol['novel_handling']
        unseen = _unseen_classes(dataset, evaluator.metrics)
        if unseen and self._trained_on_unknown:
            warn(
                'The checkpoint does not say what it was trained on (its meta '
                'has no seen_classes and no dataset_meta): nobody knows whether '
                f'the scores of {first_few(unseen)} below are zero-shot.'
            )
            protocol[TRAINED_ON] = UNKNOWN
        seen = seen_among(unseen, self._seen)
        if seen:
            warn(
                'The scores of unseen classes below are NOT zero-shot: the '
                f'checkpoint was trained on masks of {", ".join(seen)}. Take '
                'the checkpoint of this fold.'
            )
            protocol['trained_on_unseen'] = seen
        if has_random_weights(runner.model) or is_untrained(runner.model):
            protocol['random_weights'] = True
        presence = find_presence(runner.model)
        if presence and any(find_episode_datasets(dataset)):
            warn(
                "The model's presence is not used: each sample asks for one name. "
                'Take a config that asks for a whole vocabulary.'
            )
        elif presence:
            protocol['presence'] = presence
        name_protocols(evaluator.metrics)
        evaluator.dataset_meta = {**dataset.metainfo, PROTOCOL: protocol}
