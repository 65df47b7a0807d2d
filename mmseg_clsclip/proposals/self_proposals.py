"""SelfProposals: the segmentor shows itself where to look again."""

from collections.abc import Sequence
from typing import Annotated

import torch
from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor

from ..utils.arguments import Count, Natural, Rule
from .base import BaseProposals, Segment, Wanted
from .boxes import component_boxes

Threshold = Annotated[float, Rule('a number above 0 and below 1', lambda x: 0 < x < 1)]


@MODELS.register_module()
class SelfProposals(BaseProposals):
    """Boxes around the segmentor's own first response; no detector at all.

    Each class's foreground probability over the whole picture is cut at a low
    threshold; every connected part is a box, its score the mean probability
    in it. A further round does the same with the response within the boxes of
    the round before.

    Args:
        threshold (float): Probability from which a pixel may belong to the
            class. The lower it is, the more is looked at again.
        rounds (int): How often boxes are drawn.
        min_area (int): Parts of fewer pixels get no box.
        kwargs: Of :class:`BaseProposals`.

    Raises:
        ValueError: If the threshold is no probability, or there is no round.
    """

    def __init__(
        self,
        threshold: Threshold = 0.3,
        rounds: Count = 1,
        min_area: Natural = 16,
        **kwargs,
    ):
        kwargs.setdefault('saw_test_classes', 'no')
        super().__init__(**kwargs)
        self.threshold = threshold
        self.rounds = rounds
        self.min_area = min_area

    def _around(self, response: Tensor, wanted: Wanted) -> InstanceData:
        """Boxes around a response (K, H, W)."""
        boxes, scores, names = [], [], []
        for name, share in zip(wanted, response.float().cpu().numpy()):
            part = component_boxes(share >= self.threshold, self.min_area, share)
            boxes.append(part[0])
            scores.append(part[1])
            names += [name] * len(part[0])
        return InstanceData(
            bboxes=torch.cat(boxes), scores=torch.cat(scores), names=names
        )

    def propose(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        wanted: Sequence[Wanted],
        segment: Segment,
    ) -> list[InstanceData]:
        """Boxes of the last round."""
        responses = segment()
        for last in range(self.rounds - 1, -1, -1):
            found = [
                self._around(response, names)
                for response, names in zip(responses, wanted)
            ]
            if last:
                responses = segment(
                    [
                        self.clean(boxes, tuple(picture.shape[-2:]), names)
                        for boxes, picture, names in zip(found, inputs, wanted)
                    ]
                )
        return found
