"""What detectors share: names of their own."""

from collections.abc import Sequence
from typing import Annotated

from mmengine.structures import InstanceData
from mmseg.structures import SegDataSample
from torch import Tensor
from torchvision.models import get_model_weights

from ..datasets.coco import COCO_TO_VOC
from ..utils.arguments import Rule
from ..utils.log import warn
from .base import BaseProposals, IoU, Segment, Wanted

Translation = Annotated[
    dict[str, str],
    Rule(
        "a dict of the detector's names to the vocabulary's, such as "
        "{'airplane': 'aeroplane'}"
    ),
]


def coco_categories() -> dict[int, str]:
    """COCO's 80 names by their ids, which leave gaps between 1 and 90."""
    names = get_model_weights('fasterrcnn_resnet50_fpn').DEFAULT.meta['categories']
    return {
        number: name
        for number, name in enumerate(names)
        if name not in ('__background__', 'N/A')
    }


class DetectorProposals(BaseProposals):
    """Boxes with the names of a detector.

    A name that is wanted stands for itself; any other is looked up in
    ``label_map``. A class that no name of the detector stands for gets no
    box ever, which is said once.

    Args:
        label_map (dict[str, str], optional): The detector's names to those of
            the vocabulary. Defaults to COCO's for VOC, which does no harm to
            a vocabulary in COCO's own words.
        score_thr (float): Defaults to 0.25, as YOLOv7's own.
        nms_iou (float, optional): Defaults to 0.7.
        kwargs: Of :class:`BaseProposals`.

    Raises:
        ValueError: If ``label_map`` is not of texts to texts.
    """

    needs_names = True

    def __init__(
        self,
        label_map: Translation | None = None,
        score_thr: float = 0.25,
        nms_iou: IoU = 0.7,
        **kwargs,
    ):
        super().__init__(score_thr=score_thr, nms_iou=nms_iou, **kwargs)
        self.label_map = dict(COCO_TO_VOC if label_map is None else label_map)
        self.detector_names: tuple[str, ...] = ()
        self._never_found: set[str] = set()

    def translate(self, names: Sequence[str], wanted: Wanted) -> list[str | None]:
        """Wanted names for the detector's, by ``label_map``."""
        names = [name if name in wanted else self.label_map.get(name) for name in names]
        return super().translate(names, wanted)

    def forward(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        wanted: Sequence[Wanted],
        segment: Segment,
    ) -> list[InstanceData]:
        """As in :class:`BaseProposals`; says what can never be found."""
        known = {*self.detector_names, *map(self.label_map.get, self.detector_names)}
        strange = {name for names in wanted for name in names} - known
        if strange - self._never_found:
            warn(
                f'{self.source} can give no box of '
                f'{sorted(strange - self._never_found)}: the detector names '
                f'{", ".join(self.detector_names[:5])}, ... Set label_map '
                'if one of its names stands for the class.'
            )
        self._never_found |= strange
        return super().forward(inputs, data_samples, wanted, segment)
