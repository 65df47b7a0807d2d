"""RunningArgmax: labels of channels that come a few at a time."""

import math
from collections.abc import Iterable

import torch
from mmseg.utils import SampleList
from torch import Tensor

from .restoring import restore_logits


class RunningArgmax:
    """The argmax over channels that come a few at a time.

    Args:
        background (bool): Whether there is a label 0 whose logit is 0.
        prob_thd (float): The least probability, by the softmax over all channels,
            of a label that is not 0.

    Attributes:
        labels (Tensor, optional): (1, H, W) int64, once there were channels.
    """

    def __init__(self, background: bool, prob_thd: float = 0.0):
        self.background = background
        self.prob_thd = prob_thd
        self.greatest: Tensor | None = None
        self.labels: Tensor | None = None
        self.total: Tensor | None = None  # the channels' logsumexp

    def add(self, logits: Tensor, classes: Tensor) -> None:
        """Take the next channels (k, H, W), of these classes (k, )."""
        value, index = logits.max(0, keepdim=True)
        label = classes[index] + self.background
        if self.labels is None:
            least = 0 if self.background else -torch.inf
            self.greatest = torch.full_like(value, least)
            self.labels = torch.zeros_like(label)
        # As in argmax, the first of equals wins.
        self.labels = torch.where(value > self.greatest, label, self.labels)
        self.greatest = torch.maximum(value, self.greatest)
        if self.prob_thd:
            total = logits.logsumexp(0, keepdim=True)
            self.total = (
                total if self.total is None else torch.logaddexp(self.total, total)
            )

    def decide(self) -> Tensor | None:
        """Return the labels, 0 where the likeliest is less likely than asked."""
        if self.total is None:
            return self.labels
        unlikely = self.greatest < self.total + math.log(self.prob_thd)
        return self.labels.masked_fill(unlikely, 0)


def running_labels(
    parts: Iterable[tuple[Tensor, Tensor, Tensor]],
    samples: SampleList,
    background: bool,
    align_corners: bool,
    prob_thd: float = 0.0,
) -> list[Tensor]:
    """Return labels (1, H, W) of pictures without holding all maps at once.

    Args:
        parts (Iterable): Of :meth:`ClassByClassInference.iter_logits`: each in the
            order of the pictures.
        samples (list[SegDataSample]): Of the pictures.
        background (bool): Whether there is a label 0 whose logit is 0.
        align_corners (bool): Of the resize to the pictures' own sizes.
        prob_thd (float): See :class:`RunningArgmax`.
    """
    running = [RunningArgmax(background, prob_thd) for _ in samples]
    for pictures, classes, logits in parts:
        of = pictures.tolist()  # a device is waited for here alone
        numbers = [of.count(i) for i in range(len(samples))]
        for argmax, sample, part, own in zip(
            running, samples, logits.split(numbers), classes.split(numbers)
        ):
            if len(part):
                part = restore_logits(part, sample.metainfo, align_corners)
                argmax.add(part, own)
    # Where no class is asked all is background.
    return [
        torch.zeros(1, *sample.metainfo['ori_shape'][:2], dtype=torch.long)
        if argmax.labels is None
        else argmax.decide()
        for argmax, sample in zip(running, samples)
    ]
