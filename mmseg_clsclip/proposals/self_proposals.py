"""SelfProposals: boxes around the segmentor's own response."""

from collections.abc import Sequence
from typing import Annotated

from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor

from ..utils.arguments import Count, Natural, Rule, Share
from .base import BaseProposals, ClassLabels, Segment
from .boxes import component_boxes, pack_components

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
        score_thr (float): As in :class:`BaseProposals`; scores are from 0 to 1.
        kwargs: Of :class:`BaseProposals`.
    """

    def __init__(
        self,
        threshold: Threshold = 0.3,
        rounds: Count = 1,
        min_area: Natural = 16,
        score_thr: Share = 0.0,
        **kwargs,
    ):
        kwargs.setdefault('saw_test_classes', 'no')
        super().__init__(score_thr=score_thr, **kwargs)
        self.threshold = threshold
        self.rounds = rounds
        self.min_area = min_area

    def _box_responses(
        self, responses: Sequence[Tensor], class_labels: Sequence[ClassLabels]
    ) -> list[InstanceData]:
        """Return boxes around the responses (K, H, W) to pictures."""
        return [
            pack_components(
                {
                    name: component_boxes(share >= self.threshold, self.min_area, share)
                    for name, share in zip(labels, response.float().cpu().numpy())
                }
            )
            for response, labels in zip(responses, class_labels)
        ]

    def propose(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        class_labels: Sequence[ClassLabels],
        segment: Segment,
    ) -> list[InstanceData]:
        """Return the boxes of the last round."""
        proposals = self._box_responses(segment(), class_labels)
        for _ in range(self.rounds - 1):
            regions = self.clean_batch(proposals, inputs, class_labels)
            proposals = self._box_responses(segment(regions), class_labels)
        return proposals
