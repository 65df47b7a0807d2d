"""GroundTruthProposals: the paper's manual boxes."""

from collections.abc import Sequence

from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor

from ..utils.arguments import Natural, Share
from .base import BaseProposals, ClassLabels, MaxBoxes, Segment
from .boxes import component_boxes, pack_components


@MODELS.register_module()
class GroundTruthProposals(BaseProposals):
    """Boxes of the true mask's connected parts: what perfect boxes would give.

    The upper bound that the paper gets from manual annotation. It reads the
    answer, so a score with it says nothing about zero-shot segmentation.

    Args:
        min_area (int): Parts of fewer pixels get no box.
        score_thr (float): As in :class:`BaseProposals`; every score is 1.
        max_per_picture (int, optional): As in :class:`BaseProposals`.
        kwargs: Of :class:`BaseProposals`.

    Raises:
        ValueError: If a picture comes without its mask, or with a mask of
            another size.
    """

    def __init__(
        self,
        min_area: Natural = 1,
        score_thr: Share = 0.0,
        max_per_picture: MaxBoxes = None,
        **kwargs,
    ):
        kwargs.setdefault('saw_test_classes', 'oracle')
        super().__init__(score_thr=score_thr, max_per_picture=max_per_picture, **kwargs)
        self.min_area = min_area

    def propose(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        class_labels: Sequence[ClassLabels],
        segment: Segment,
    ) -> list[InstanceData]:
        """Return boxes of every class in the mask; ignored pixels are none."""
        proposals = []
        for picture, sample, labels in zip(inputs, data_samples, class_labels):
            truth = sample.get('gt_sem_seg')
            if truth is None:
                raise ValueError(
                    'GroundTruthProposals needs true masks, and a picture has '
                    'none. Put LoadAnnotations into the pipeline, or take '
                    'another source of proposals.'
                )
            mask = truth.data.squeeze(0).cpu().numpy()
            if mask.shape != tuple(picture.shape[-2:]):
                raise ValueError(
                    f'A mask is {mask.shape}, its picture '
                    f'{tuple(picture.shape[-2:])}. Take Resize out of the '
                    'test pipeline; ZoomIn has its own `resize`.'
                )
            components = {
                name: component_boxes(mask == label, self.min_area)
                for name, label in labels.items()
            }
            proposals.append(pack_components(components))
        return proposals
