"""The numbers of CLIPPresence, chosen where nothing unseen is looked at."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from ..models.presence import CLIPPresence
from .training_pictures import TrainingPicture

SHARPNESS = 0.5, 1.0, 1.5, 2.0, 3.0, 4.0
WEIGHTS = 0.5, 1.0, 1.5, 2.0, 3.0
PROBABILITIES = 0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3
# Of the names that are there, in per cent, that shall be asked.
RECALL = 95
# Pixels along a side that are looked at, of each picture.
SIDE = 64


class Setting(NamedTuple):
    """One choice of the numbers, and what it gives.

    Attributes:
        sharpness (float): See :class:`CLIPPresence`.
        weight (float): See there.
        min_probability (float): See there.
        miou (float): Of the background and the names, in per cent.
        recall (float): Share of the names in the pictures that are asked, in per
            cent.
        asked (float): Names that are asked of a picture, on average.
    """

    sharpness: float
    weight: float
    min_probability: float
    miou: float
    recall: float
    asked: float


@torch.no_grad()
def scan(
    model: nn.Module, pictures: Iterable[TrainingPicture], options: dict
) -> tuple[list[Setting], int]:
    """Try all choices of sharpness, weight and probability.

    Args:
        model (CLIPSegmentor): In eval mode; its vocabulary is that of the labels.
        pictures (Iterable): With labels.
        options (dict): Other arguments of :class:`CLIPPresence`.

    Returns:
        tuple[list[Setting], int]: What each choice gives, and the pictures.
    """
    number = len(model.text_encoder.names)
    labels_of = 1 + number
    confusion = torch.zeros(
        len(SHARPNESS), len(WEIGHTS), len(PROBABILITIES), labels_of**2
    ).long()
    asked_present = torch.zeros(len(SHARPNESS), len(PROBABILITIES))
    asked = torch.zeros_like(asked_present)
    present_total = count = 0
    for picture in pictures:
        count += 1
        logits, truth = _segment(model, picture)
        present = F.one_hot(truth, labels_of).any(0)[1:]
        present_total += int(present.sum())
        for s, sharpness in enumerate(SHARPNESS):
            tried = dict(sharpness=sharpness, weight=1, min_probability=0)
            model.presence = CLIPPresence(**{**options, **tried})
            presence = model.judge_presence(picture.inputs, [picture.meta])
            p, log_p = presence.probability[0].cpu(), presence.prior[0].cpu()
            likeliest = presence.asked[0].cpu()  # all, or max_asked
            counts: dict[tuple[int, ...], Tensor] = {}
            for t, least in enumerate(PROBABILITIES):
                kept = (p >= least) & likeliest
                asked[s, t] += kept.sum()
                asked_present[s, t] += (kept & present).sum()
                names = kept.nonzero()[:, 0]
                # Often a greater probability keeps the same names.
                key = tuple(names.tolist())
                if key not in counts:
                    counts[key] = torch.stack(
                        [
                            _count(
                                logits[names] + weight * log_p[names, None],
                                F.pad(names + 1, (1, 0)),
                                truth,
                                labels_of,
                            )
                            for weight in WEIGHTS
                        ]
                    )
                confusion[s, :, t] += counts[key]
    miou = _mean_iou(confusion.unflatten(-1, (labels_of, labels_of)))
    return [
        Setting(
            sharpness,
            weight,
            least,
            float(miou[s, w, t]),
            100 * float(asked_present[s, t]) / max(present_total, 1),
            float(asked[s, t]) / max(count, 1),
        )
        for s, sharpness in enumerate(SHARPNESS)
        for w, weight in enumerate(WEIGHTS)
        for t, least in enumerate(PROBABILITIES)
    ], count


def _segment(model: nn.Module, picture: TrainingPicture) -> tuple[Tensor, Tensor]:
    """Ask for every name, with no presence.

    Args:
        model (CLIPSegmentor): Loses its presence.
        picture (TrainingPicture): With labels.

    Returns:
        tuple[Tensor, Tensor]: Logits (K, P) and labels (P,), of the P pixels of a
        raster that have a label.
    """
    steps = [max(1, side // SIDE) for side in picture.labels.shape]
    raster = slice(None, None, steps[0]), slice(None, None, steps[1])
    truth = picture.labels[raster]
    valid = truth != 255
    model.presence = None
    (sample,) = model.postprocess_result(
        model.inference(picture.inputs, [picture.meta]),
        [SegDataSample(metainfo=picture.meta)],
    )
    logits = sample.seg_logits.data[(slice(1, None), *raster)]
    return logits[:, valid].cpu(), truth[valid]


def _count(logits: Tensor, labels: Tensor, truth: Tensor, number: int) -> Tensor:
    """Count pixels (number ** 2,) by truth and prediction.

    Args:
        logits (Tensor): (k, P) of the names that are asked; the background's is 0.
        labels (Tensor): (1 + k,) of the background and these names.
        truth (Tensor): (P,).
        number (int): Of labels.
    """
    found = labels[F.pad(logits, (0, 0, 1, 0)).max(0).indices]
    return torch.bincount(number * truth + found, minlength=number**2)


def _mean_iou(confusion: Tensor) -> Tensor:
    """Return mIoU (...), in per cent, of counts (..., truth, prediction)."""
    right = confusion.diagonal(dim1=-2, dim2=-1)
    union = confusion.sum(-1) + confusion.sum(-2) - right
    iou = (right / union).nan_to_num()
    return 100 * iou.sum(-1) / (union > 0).sum(-1)


def choose(settings: list[Setting]) -> Setting:
    """Return the best setting that asks for nearly all names that are there.

    For each sharpness and weight the least probability is the greatest that
    leaves ``RECALL`` per cent of those that are asked at any (with ``max_asked``
    not all); of these settings the one with the best mIoU is taken, and of equals
    the one that asks fewest.
    """
    by_recall = sorted(settings, key=lambda s: s.recall)
    most = {(s.sharpness, s.weight): s.recall for s in by_recall}  # the last stays
    cheapest: dict[tuple[float, float], Setting] = {}
    for setting in sorted(settings, key=lambda s: s.min_probability):
        if setting.recall >= RECALL / 100 * most[setting.sharpness, setting.weight]:
            cheapest[setting.sharpness, setting.weight] = setting
    return max(cheapest.values(), key=lambda s: (s.miou, -s.asked))
