"""ZeroShotRecordHook: which classes training saw, in checkpoints and results."""

from collections.abc import Iterator, Sequence

from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.model import PretrainedInit
from mmengine.runner import Runner
from mmseg.registry import HOOKS
from torch import nn

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
from ...utils.checkpoint import read_meta
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
from .unwrapping import counted_unseen, find_episode_datasets, find_segmentor


def _trained_classes(meta: DatasetMeta) -> Sequence[str]:
    """Return the classes whose masks a data set shows in training."""
    return meta.get(BASE_CLASSES, meta.get('classes', ()))


def _named_classes(meta: dict) -> tuple[frozenset[str], bool]:
    """Return what a checkpoint's meta says was seen, and whether that is all."""
    seen = meta.get(SEEN_CLASSES) or _trained_classes(meta.get('dataset_meta') or {})
    return frozenset(seen), bool(seen) and meta.get(TRAINED_ON) != UNKNOWN


def _pretrained_files(init_cfg: dict | Sequence[dict] | None) -> Iterator[str]:
    """Yield the checkpoints that an ``init_cfg`` of mmengine's takes weights from."""
    for cfg in [init_cfg] if isinstance(init_cfg, dict) else init_cfg or ():
        kind = cfg.get('type')
        if kind is PretrainedInit or str(kind).rpartition('.')[2] == 'Pretrained':
            yield cfg['checkpoint']
        yield from _pretrained_files(cfg.get('override'))


def _began_with(model: nn.Module, loaded: frozenset[str]) -> dict[str, None]:
    """Return the checkpoints by which ``init_cfg`` has begun what is learned.

    Args:
        model (nn.Module): All of it.
        loaded (frozenset[str]): Keys whose weights came from elsewhere afterwards.
    """
    return {
        path: None
        for name, module in model.named_modules()
        if {f'{name}.{key}'.lstrip('.') for key in find_learned(module)} - loaded
        for path in _pretrained_files(getattr(module, 'init_cfg', None))
    }


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
    _loaded: frozenset[str] = frozenset()  # keys of the weights

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Remember what the checkpoint was trained on."""
        meta = checkpoint.get('meta') or {}
        dataset_meta = meta.get('dataset_meta') or {}
        self._training_protocol = dataset_meta.get(PROTOCOL) or {}
        self._seen, known = _named_classes(meta)
        self._trained_on_unknown = not known and bool(
            find_learned(find_segmentor(runner))
        )
        weights = checkpoint.get('state_dict') or {}
        self._loaded = frozenset(key.removeprefix('module.') for key in weights)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Write down what was trained on."""
        checkpoint['meta'][SEEN_CLASSES] = sorted(self._seen)
        if self._trained_on_unknown:
            checkpoint['meta'][TRAINED_ON] = UNKNOWN

    def before_train(self, runner: Runner) -> None:
        """Remember what is trained on, and warn if it was seen as unseen before.

        Raises:
            ValueError: If another fold's training is resumed.
        """
        self._add_pretrained(runner)
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
        protocol = metas[0].get(PROTOCOL) or {}
        began, fold = self._training_protocol.get('fold'), protocol.get('fold')
        if runner._resume and None not in (began, fold) and began != fold:
            raise ValueError(
                f'The training that would be resumed is of fold {began}, this one of '
                f'fold {fold}. Give each fold a --work-dir of its own, or leave '
                '--resume out to begin with its weights.'
            )
        self._training_protocol = protocol
        self._seen = self._seen.union(*map(_trained_classes, metas))

    def _add_pretrained(self, runner: Runner) -> None:
        """Add what those checkpoints saw that parts of the model began with."""
        for path in _began_with(find_segmentor(runner), self._loaded):
            try:
                seen, known = _named_classes(read_meta(path))
            except (OSError, ValueError):  # a format that the part alone knows
                seen, known = frozenset(), False
            self._seen |= seen
            self._trained_on_unknown |= not known

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
        # What the test set says of it is of no training.
        if 'novel_handling' in self._training_protocol:
            protocol['novel_handling'] = self._training_protocol['novel_handling']
        else:
            protocol.pop('novel_handling', None)
        unseen = counted_unseen(dataset, evaluator.metrics)
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
