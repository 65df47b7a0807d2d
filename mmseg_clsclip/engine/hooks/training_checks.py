"""Checks of a training before it begins: what it keeps and ends by."""

from collections.abc import Iterable

from mmengine.dataset import InfiniteSampler
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from mmseg_clsclip_cli.messages import first_few

from ...models.segmentors.wrappers import find_learned
from ...utils.log import warn
from .unwrapping import counted_unseen, find_episode_datasets

# Figures in which unseen classes have no part, without a metric's prefix.
OF_SEEN_CLASSES = ('miou_seen', 'mIoU_seen')


def check_kept(segmentor: nn.Module) -> None:
    """Check that all that a training changes is in its checkpoints.

    Args:
        segmentor (nn.Module): To be trained.

    Raises:
        ValueError: If a parameter is not, as one that was put into a frozen part.
    """
    kept = segmentor.state_dict()
    lost = [name for name in find_learned(segmentor) if name not in kept]
    if lost:
        raise ValueError(
            f'{first_few(lost, 3)} would be trained and be in no checkpoint: what is '
            'frozen is loaded from where it came from. Put what you train into a '
            'backbone of your own, beside CLIP, see docs/extending.md.'
        )


def check_end(loop: object, dataloader: DataLoader) -> None:
    """Check that an epoch ends, if a training counts them.

    Args:
        loop (object): Of the training.
        dataloader (DataLoader): Of the training.

    Raises:
        ValueError: If it does not.
    """
    sampler = getattr(dataloader, 'sampler', None)
    if isinstance(loop, EpochBasedTrainLoop) and isinstance(sampler, InfiniteSampler):
        raise ValueError(
            f'{type(loop).__name__} waits for the end of an epoch, and the training '
            "data's InfiniteSampler has none. Write train_dataloader=dict(sampler="
            "dict(type='DefaultSampler', shuffle=True)); param_scheduler, "
            'default_hooks.checkpoint and log_processor count by by_epoch=True then, '
            'see docs/custom_data.md.'
        )


def validates_unseen(runner: Runner) -> bool:
    """Return whether a training's validation asks for classes that count as unseen."""
    loop = runner.val_loop
    if loop is None:
        return False
    dataset = loop.dataloader.dataset
    episodes = list(find_episode_datasets(dataset))
    if not episodes:
        return bool(counted_unseen(dataset, loop.evaluator.metrics))
    return any(
        part.metainfo['classes'][label] in part.novel_classes
        for part in episodes
        if part.test_mode
        for _, label in part.samples
    )


def check_choice(hooks: Iterable[Hook], asks_unseen: bool = False) -> None:
    """Warn of a checkpoint that is chosen, or a training that ends, by unseen classes.

    Args:
        hooks (Iterable[Hook]): Of the training.
        asks_unseen (bool): Whether its validation asks for unseen classes, which are
            in all of its figures then but those of the seen ones.
    """
    figures: list[str] = []
    for hook in hooks:
        figure = getattr(hook, 'save_best', None) or getattr(hook, 'monitor', None)
        figures += [figure] if isinstance(figure, str) else figure or []
    by_unseen = [
        name
        for name in figures
        if 'unseen' in name.lower()
        or name.rpartition('/')[2] == 'hIoU'
        or (asks_unseen and name.rpartition('/')[2] not in OF_SEEN_CLASSES)
    ]
    if by_unseen:
        warn(
            f'What is kept of this training is chosen by {first_few(by_unseen)}, with '
            'masks of unseen classes: they are not unseen then, and its scores on them '
            "no figures of a zero-shot model. Choose by 'miou_seen', of a validation "
            "with test_classes='base'."
        )
