"""What an evaluation cannot be made of, refused before it begins."""

from collections.abc import Iterable
from pathlib import Path

from mmseg.evaluation import IoUMetric
from torch import nn

from ...datasets import EpisodeDataset, replace_mask_loaders
from ...evaluation.metrics.episode_iou_metric import prediction_name
from ...models.segmentors.text_prompted import asks_by_name
from ...utils.log import warn


def unseen_classes(dataset, evaluator) -> list[str]:
    """Names that count as unseen, by the data set or by a metric."""
    names = list(dataset.metainfo.get('novel_classes', ()))
    for metric in getattr(evaluator, 'metrics', ()):
        names += getattr(metric, 'unseen_classes', None) or ()
    return list(dict.fromkeys(names))


def check_episodes(segmentor: nn.Module, dataset: EpisodeDataset, evaluator) -> None:
    """Episodes need a data set, a metric and a model for them.

    Args:
        segmentor (nn.Module): To be tested.
        dataset (EpisodeDataset): To be tested on.
        evaluator (Evaluator): mmengine's.

    Raises:
        ValueError: If figures would be of something else.
    """
    if not dataset.test_mode:
        raise ValueError(
            'The EpisodeDataset of this evaluation is in training mode: it '
            'draws one base class a picture and leaves novel ones out. Write '
            "split='val', or test_mode=True in the data set that it wraps."
        )
    for metric in getattr(evaluator, 'metrics', ()):
        # With one class beside the background these are the labels.
        if isinstance(metric, IoUMetric) and len(dataset.metainfo['classes']) > 2:
            raise ValueError(
                f'{type(metric).__name__} compares labels of all classes, '
                'and the masks of episodes are 0 and 1. Take '
                'EpisodeIoUMetric, or the data set without EpisodeDataset '
                'around it.'
            )
    if not asks_by_name(segmentor) and getattr(segmentor, 'out_channels', 0) > 2:
        raise ValueError(
            f'{type(segmentor).__name__} cannot be asked for a class by its '
            'name, and every sample asks for one. Test it on whole label '
            'maps: without EpisodeDataset around the data set, and with '
            "mmseg's IoUMetric."
        )


def check_single_channel(segmentor: nn.Module, episodes: bool) -> None:
    """mmseg's test-time augmentation needs two channels at least.

    Raises:
        ValueError: If a segmentor that is asked by names gives one.
    """
    channels = (
        1 + segmentor.with_background
        if episodes
        else len(segmentor.dataset_meta['classes'])
    )
    if channels == 1:
        raise ValueError(
            "mmseg's test-time augmentation takes the sigmoid of a single "
            'channel twice, by which all is foreground. Test without --tta, '
            'or set model.with_background=True.'
        )


def guard_masks(dataset, *models: nn.Module) -> None:
    """Have a data set refuse masks that mmseg misreads, for models of ours.

    Args:
        dataset: About to be read.
        *models (nn.Module): That read it; ours are asked by names, or zoom in.
    """
    if any(asks_by_name(model) or hasattr(model, 'proposals') for model in models):
        replace_mask_loaders(dataset)


def check_vocabulary(asked: tuple[str, ...], truth: tuple[str, ...]) -> None:
    """Label k of the model is label k of the masks.

    Args:
        asked (tuple[str]): Names of the model's channels.
        truth (tuple[str]): Names of the data set's labels.

    Raises:
        ValueError: If labels and classes cannot correspond.
    """
    if len(asked) != len(truth):
        raise ValueError(
            f'The model is asked for {len(asked)} classes '
            f'({", ".join(asked[:3])}, ...), the data set has {len(truth)} '
            f'({", ".join(truth[:3])}, ...). Set '
            'model.text_encoder.vocabulary to the classes of the data set, '
            'and model.with_background to whether its first is the '
            'background.'
        )
    pairs = [
        f'{i}: {a!r} for {t!r}' for i, (a, t) in enumerate(zip(asked, truth)) if a != t
    ]
    if pairs:
        warn(
            'The vocabulary has other names than the data set: '
            f'{"; ".join(pairs[:5])}{"; ..." if len(pairs) > 5 else ""}. '
            'Are they in the same order?'
        )


def check_outputs(folder: str, samples: Iterable[dict]) -> None:
    """Predictions are written by name: no two into one file.

    Args:
        folder (str): Where they go.
        samples (Iterable[dict]): ``img_path`` of each, ``class_name`` of an
            episode.

    Raises:
        ValueError: If pictures of two folders have one name.
    """
    written = {}
    for sample in samples:
        path, asked = sample['img_path'], sample.get('class_name')
        name = prediction_name(path, asked) if asked else f'{Path(path).stem}.png'
        if written.setdefault(name, (path, asked)) != (path, asked):
            raise ValueError(
                f'{folder}/{name} would be the prediction of '
                f'{written[name][0]} and of {path}. Rename one of them, test '
                'each folder alone, or do without output_dir (--out of '
                'tools/test.py).'
            )
