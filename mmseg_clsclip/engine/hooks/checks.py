"""Checks of an evaluation before it begins: model, data and metrics must fit."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmseg.evaluation import IoUMetric
from torch import nn

from mmseg_clsclip_cli.messages import first_few

from ...datasets import EpisodeDataset, replace_mask_loaders
from ...datasets.masks import is_of_episodes
from ...evaluation.metrics.episode_iou_metric import prediction_name
from ...evaluation.metrics.protocol_iou_metric import PROTOCOL_METRICS
from ...models.segmentors.text_prompted import asks_by_name
from ...utils.keys import CLASS_NAME
from ...utils.log import warn
from ...zoom_in import ZoomIn
from .unwrapping import find_proposals


def check_episodes(
    segmentor: nn.Module, dataset: EpisodeDataset, metrics: Sequence[BaseMetric]
) -> None:
    """Check that episodes have a data set, a metric and a model for them.

    Args:
        segmentor (nn.Module): To be tested.
        dataset (EpisodeDataset): To be tested on.
        metrics (Sequence[BaseMetric]): Of the evaluator.

    Raises:
        ValueError: If figures would be of something else.
    """
    if not dataset.test_mode:
        raise ValueError(
            'The EpisodeDataset of this evaluation is in training mode: it '
            'draws one base class a picture and leaves novel ones out. Write '
            "split='val', or test_mode=True in the data set that it wraps."
        )
    for metric in metrics:
        whole = not is_of_episodes(dataset.metainfo['classes'])
        if isinstance(metric, IoUMetric) and whole:
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


def check_merged(segmentor: nn.Module, episodes: bool) -> None:
    """Check that mmseg's test-time augmentation gets logits that it can merge.

    Raises:
        ValueError: If a segmentor that is asked by names gives none, or one channel.
    """
    if not episodes and segmentor.test_cfg.get('labels_only'):
        raise ValueError(
            "mmseg's test-time augmentation merges logits: test without --tta, or "
            'take labels_only out of model.test_cfg.'
        )
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


def check_prefixes(metrics: Sequence[BaseMetric]) -> None:
    """Check that figures of several metrics have names of their own.

    mmengine refuses names that come twice, but when all has been tested.

    Args:
        metrics (Sequence[BaseMetric]): Of the evaluator.

    Raises:
        ValueError: If two of ours, or of mmseg's, have one prefix.
    """
    named: dict[str | None, str] = {}
    for metric in metrics:
        # Others' figures may have other names.
        ours = isinstance(metric, PROTOCOL_METRICS) or type(metric) is IoUMetric
        if not ours or isinstance(metric, IoUMetric) and metric.format_only:
            continue
        name, prefix = type(metric).__name__, metric.prefix
        if prefix in named:
            raise ValueError(
                f'Figures of {named[prefix]} and of {name} would have the same names, '
                f'{f"which begin with {prefix!r}" if prefix else "without a prefix"}: '
                "give one of them another, such as prefix='second'."
            )
        named[prefix] = name


def guard_masks(dataset, *models: nn.Module) -> None:
    """Have a data set refuse masks that mmseg misreads, for models of ours.

    Args:
        dataset: About to be read.
        *models (nn.Module): That read it; ours are asked by names, or zoom in.
    """
    if any(asks_by_name(model) or isinstance(model, ZoomIn) for model in models):
        replace_mask_loaders(dataset)


def check_vocabulary(
    model_classes: tuple[str, ...], dataset_classes: tuple[str, ...]
) -> None:
    """Check that label k of the model is label k of the masks.

    Args:
        model_classes (tuple[str]): Names of the model's channels.
        dataset_classes (tuple[str]): Names of the data set's labels.

    Raises:
        ValueError: If labels and classes cannot correspond, or stand in another
            order.
    """
    if len(model_classes) != len(dataset_classes):
        raise ValueError(
            f'The model is asked for {len(model_classes)} classes '
            f'({", ".join(model_classes[:3])}, ...), the data set has '
            f'{len(dataset_classes)} ({", ".join(dataset_classes[:3])}, ...). Set '
            'model.text_encoder.vocabulary to the classes of the data set, '
            'and model.with_background to whether its first is the '
            'background.'
        )
    moved = [
        name
        for name, truth in zip(model_classes, dataset_classes)
        if name != truth and name in dataset_classes
    ]
    if moved:
        raise ValueError(
            f'{first_few(map(repr, moved))}: the model has them as other labels '
            'than the data set, so that all figures would be of other classes. Set '
            'model.text_encoder.vocabulary to the classes of the data set, in its '
            'order.'
        )
    pairs = [
        f'{label}: {name!r} for {truth!r}'
        for label, (name, truth) in enumerate(zip(model_classes, dataset_classes))
        if name != truth
    ]
    if pairs:
        warn(
            'The vocabulary has other names than the data set: '
            f'{"; ".join(pairs[:5])}{"; ..." if len(pairs) > 5 else ""}. '
            'Are they in the same order?'
        )


def sample_infos(dataset: BaseDataset) -> list[dict]:
    """Return what a data set knows of its samples, as far as they are files.

    Args:
        dataset (BaseDataset): Another's may know nothing.
    """
    if not hasattr(dataset, 'get_data_info'):
        return []
    infos = map(dataset.get_data_info, range(len(dataset)))
    return [info for info in infos if info.get('img_path')]


def check_output_files(metrics: Sequence[BaseMetric], dataset: BaseDataset) -> None:
    """Check that predictions, written by name, have a file each.

    Args:
        metrics (Sequence[BaseMetric]): ``output_dir`` is where they go.
        dataset (BaseDataset): ``img_path`` of each sample, ``class_name`` of an
            episode.

    Raises:
        ValueError: If pictures of two folders have one name.
    """
    folders = [getattr(metric, 'output_dir', None) for metric in metrics]
    for folder in filter(None, folders):
        _check_names(folder, sample_infos(dataset))


def _check_names(folder: str, infos: Iterable[dict]) -> None:
    written = {}
    for info in infos:
        path, class_name = info['img_path'], info.get(CLASS_NAME)
        name = (
            prediction_name(path, class_name)
            if class_name
            else f'{Path(path).stem}.png'
        )
        if written.setdefault(name, (path, class_name)) != (path, class_name):
            raise ValueError(
                f'{folder}/{name} would be the prediction of '
                f'{written[name][0]} and of {path}. Rename one of them, test '
                'each folder alone, or do without output_dir (--out of '
                'tools/test.py).'
            )


def check_proposals(model: nn.Module, dataset: BaseDataset) -> None:
    """Check that a model's proposals, if it has any, are of a test's pictures."""
    proposals = find_proposals(model)
    if proposals is not None and hasattr(dataset, 'get_data_info'):
        # A picture is in as many samples as it has classes.
        paths = dict.fromkeys(info['img_path'] for info in sample_infos(dataset))
        proposals.check_pictures(list(paths))
