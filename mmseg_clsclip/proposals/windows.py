"""WindowProposals: a grid of windows, whatever the picture shows."""

from collections.abc import Sequence
from typing import Annotated

import torch
from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor

from ..utils.arguments import Count, Rule, Share
from .base import BaseProposals, ClassLabels, Segment

Overlap = Annotated[float, Rule('a number from 0 to below 1', lambda x: 0 <= x < 1)]


@MODELS.register_module()
class WindowProposals(BaseProposals):
    """A grid of windows, every class in each: the plain baseline.

    Args:
        grid (tuple[int, int]): Windows below and beside each other.
        overlap (float): Of neighbours, as a share of a window's side.
        score_thr (float): As in :class:`BaseProposals`; every score is 1.
        kwargs: Of :class:`BaseProposals`.
    """

    def __init__(
        self,
        grid: tuple[Count, Count] = (2, 2),
        overlap: Overlap = 0.25,
        score_thr: Share = 0.0,
        **kwargs,
    ):
        kwargs.setdefault('saw_test_classes', 'no')
        kwargs.setdefault('max_per_picture', None)
        super().__init__(score_thr=score_thr, **kwargs)
        self.grid = tuple(grid)
        self.overlap = overlap

    def _split_side(self, number: int, length: int) -> list[tuple[float, float]]:
        """Return evenly spaced intervals that together cover 0 to ``length``."""
        step = 1 - self.overlap
        side = length / (1 + (number - 1) * step)
        return [(i * step * side, i * step * side + side) for i in range(number)]

    def propose(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        class_labels: Sequence[ClassLabels],
        segment: Segment,
    ) -> list[InstanceData]:
        """Return all windows, class by class."""
        proposals = []
        for picture, labels in zip(inputs, class_labels):
            height, width = picture.shape[-2:]
            windows = torch.tensor(
                [
                    (x1, y1, x2, y2)
                    for y1, y2 in self._split_side(self.grid[0], height)
                    for x1, x2 in self._split_side(self.grid[1], width)
                ]
            )  # (n, 4)
            proposals.append(
                InstanceData(
                    bboxes=windows.repeat(len(labels), 1),
                    scores=torch.ones(len(labels) * len(windows)),
                    names=[name for name in labels for _ in windows],
                )
            )
        return proposals
