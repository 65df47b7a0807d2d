"""Classes of the queries that compete for a pixel, each a name."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .restoring import ABSENT_LOGIT


def classes_of_queries(
    queries: Tensor,
    labels: Sequence[int],
    background: bool,
    prob_thd: float = 0.0,
    area_thd: float = 0.0,
) -> Tensor:
    """Return the logits of classes, of which each is as likely as its best query.

    A query's probability is its share in the softmax over all queries, and the
    background has a pixel whose best class is less likely than ``prob_thd``. In
    logarithms the softmax's denominator is the same for all: it is left out but
    where it is compared with the threshold, which so is a floor below which no
    class beats the background.

    Args:
        queries (Tensor): Logits (Q, H, W), the cosines times the softmax's scale;
            ``ABSENT_LOGIT`` of what was not asked.
        labels (Sequence[int]): Of each query; 0 is the background, if there is one.
        background (bool): Whether there is. Its logit then is the constant 0, and
            thresholds have something to give a pixel to.
        prob_thd (float): The least probability of a class.
        area_thd (float): The least share of a class in the pixels of all classes;
            those of smaller ones go to the next best, before ``prob_thd``.

    Returns:
        Tensor: (K [+1], H, W), ``ABSENT_LOGIT`` of what was not asked or too small.
    """
    size = queries.shape[1:]
    best = queries.new_full((max(labels) + 1, *size), ABSENT_LOGIT)
    for label, logits in zip(labels, queries):
        torch.maximum(best[label], logits, out=best[label])
    if not background:
        return best
    ground, classes = best[:1], best[1:]
    if area_thd:
        areas = best.max(0).indices.flatten().bincount(minlength=len(best))[1:]
        classes[areas <= area_thd * areas.sum()] = ABSENT_LOGIT
    floor = ground
    if prob_thd:
        least = queries.logsumexp(0, keepdim=True) + math.log(prob_thd)
        floor = torch.maximum(floor, least)
    asked = classes > ABSENT_LOGIT / 2
    classes = torch.where(asked, classes - floor, ABSENT_LOGIT)
    return torch.cat([torch.zeros_like(ground), classes])
