"""WindowProposals: a grid, whatever the picture shows."""

from collections.abc import Sequence
from typing import Annotated

import torch
from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor

from ..utils.arguments import Count, Rule
from .base import BaseProposals, Segment, Wanted

Overlap = Annotated[float, Rule('a number from 0 to below 1', lambda x: 0 <= x < 1)]


@MODELS.register_module()
class WindowProposals(BaseProposals):
    """A grid of windows, every wanted class in each: the plain baseline.

    Args:
        grid (tuple[int, int]): Windows below and beside each other.
        overlap (float): Of neighbours, as a share of a window's side.
        kwargs: Of :class:`BaseProposals`.

    Raises:
        ValueError: If there is no window or the overlap is not below 1.
    """

    def __init__(
        self, grid: tuple[Count, Count] = (2, 2), overlap: Overlap = 0.25, **kwargs
    ):
        kwargs.setdefault('saw_test_classes', 'no')
        kwargs.setdefault('max_per_picture', None)
        super().__init__(**kwargs)
        self.grid = tuple(grid)
        self.overlap = overlap

    def _intervals(self, number: int, length: int) -> list[tuple]:
        """Evenly spaced intervals that together cover 0 to ``length``."""
        step = 1 - self.overlap
        side = length / (1 + (number - 1) * step)
        return [(i * step * side, i * step * side + side) for i in range(number)]

    def propose(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        wanted: Sequence[Wanted],
        segment: Segment,
    ) -> list[InstanceData]:
        """All windows, class by class."""
        found = []
        for picture, names in zip(inputs, wanted):
            height, width = picture.shape[-2:]
            windows = torch.tensor(
                [
                    (x1, y1, x2, y2)
                    for y1, y2 in self._intervals(self.grid[0], height)
                    for x1, x2 in self._intervals(self.grid[1], width)
                ]
            )
            found.append(
                InstanceData(
                    bboxes=windows.repeat(len(names), 1),
                    scores=torch.ones(len(names) * len(windows)),
                    names=[name for name in names for _ in windows],
                )
            )
        return found
