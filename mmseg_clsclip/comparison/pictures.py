"""The test pictures on which models differ most."""

import math
from itertools import combinations
from pathlib import Path

import mmcv
import numpy as np

from mmseg_clsclip_cli.images import open_image

from ..datasets import EpisodeDataset
from ..evaluation.metrics.episode_iou_metric import prediction_name
from ..utils.keys import CLASS_NAME

MAX_COMPARED = 2000  # samples, spread over the test set
MEASURES = dict(
    episodes='1 - IoU of the two masks, mean over pairs of models',
    whole='share of pixels that differ, mean over pairs of models',
)


def _distance(one: np.ndarray, other: np.ndarray, episodes: bool) -> float:
    """Return the share of pixels that differ, or of an episode 1 - IoU."""
    if one.shape != other.shape:
        return 1.0
    if not episodes:
        return float((one != other).mean())
    union = ((one == 1) | (other == 1)).sum()
    return 1 - float(((one == 1) & (other == 1)).sum() / union) if union else 0.0


def disagreement(masks: list[np.ndarray], episodes: bool) -> float:
    """Return how much masks differ, from 0 to 1, see ``MEASURES``.

    Args:
        masks (list[np.ndarray]): Of one sample, a model each.
        episodes (bool): Whether they are of one class or label maps.
    """
    pairs = list(combinations(masks, 2))
    return sum(_distance(*pair, episodes) for pair in pairs) / max(len(pairs), 1)


def _file_names(dataset) -> list[str]:
    """Return the file names that the metrics give to predictions."""
    names = []
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        names.append(
            prediction_name(info['img_path'], info[CLASS_NAME])
            if isinstance(dataset, EpisodeDataset)
            else f'{Path(info["img_path"]).stem}.png'
        )
    return names


def agreement(mask: np.ndarray, truth: np.ndarray, episodes: bool) -> float:
    """Return the IoU with the truth, or the share of pixels that are right."""
    valid = truth != 255
    if mask.shape != truth.shape:
        return 0.0
    return 1 - _distance(mask[valid], truth[valid], episodes)


def most_different(dataset, folders: dict[str, str], number: int) -> dict:
    """Return the samples on which models differ, the most different first.

    No picture is among them twice, and none about which all models agree.

    Args:
        dataset: The test set.
        folders (dict[str, str]): Of predictions, by model.
        number (int): How many.

    Returns:
        dict: ``measure``, ``compared``, ``episodes``, ``classes``,
        ``palette`` and ``samples``: dicts of ``picture`` (H, W, 3) RGB,
        ``truth`` (H, W), ``masks`` and ``agreement`` by model, ``disagreement``,
        ``name`` and ``title``.
    """
    episodes = isinstance(dataset, EpisodeDataset)
    indices = {
        name: index
        for index, name in enumerate(_file_names(dataset))
        if all((Path(folder) / name).is_file() for folder in folders.values())
    }
    step = max(1, math.ceil(len(indices) / MAX_COMPARED))
    names = list(indices)[::step]
    ranked = []
    for name in names:
        masks = _read_masks(name, folders)
        ranked.append((disagreement(list(masks.values()), episodes), name))
    ranked.sort(key=lambda pair: (-pair[0], pair[1]))
    samples, shown = [], set()
    for value, name in ranked:
        if len(samples) == number or not value:
            break
        sample = dataset[indices[name]]['data_samples']
        if sample.img_path in shown:
            continue
        shown.add(sample.img_path)
        truth = sample.gt_sem_seg.data[0].numpy()
        masks = _read_masks(name, folders)
        if not episodes and sample.get('reduce_zero_label'):
            # IoUMetric writes ADE20K's labels as ADE20K counts them.
            masks = {key: mask - 1 for key, mask in masks.items()}
        samples.append(
            dict(
                picture=mmcv.imread(sample.img_path, channel_order='rgb'),
                truth=truth,
                masks=masks,
                disagreement=value,
                agreement={
                    key: agreement(mask, truth, episodes) for key, mask in masks.items()
                },
                name=Path(sample.img_path).stem,
                title=sample.get(CLASS_NAME) or 'all classes',
            )
        )
    return dict(
        measure=MEASURES['episodes' if episodes else 'whole'],
        compared=len(names),
        episodes=episodes,
        samples=samples,
        classes=list(dataset.metainfo['classes']),
        palette=dataset.metainfo.get('palette'),
    )


def _read_masks(name: str, folders: dict[str, str]) -> dict[str, np.ndarray]:
    """Read the prediction of each model."""
    return {
        key: np.array(open_image(Path(folder) / name))
        for key, folder in folders.items()
    }
