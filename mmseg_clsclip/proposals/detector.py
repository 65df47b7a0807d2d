"""DetectorProposals: the base of sources that have names of their own."""

from collections.abc import Sequence
from typing import Annotated

from mmengine.structures import InstanceData
from mmseg.structures import SegDataSample
from torch import Tensor
from torchvision.models import get_model_weights

from ..datasets.coco import COCO_TO_VOC
from ..utils.arguments import Rule
from ..utils.log import warn
from .base import BaseProposals, ClassLabels, NMSThreshold, Segment

Translation = Annotated[
    dict[str, str],
    Rule(
        "a dict of the detector's names to the vocabulary's, such as "
        "{'airplane': 'aeroplane'}"
    ),
]


def coco_categories() -> dict[int, str]:
    """Return COCO's 80 names by id; the ids leave gaps between 1 and 90."""
    names = get_model_weights('fasterrcnn_resnet50_fpn').DEFAULT.meta['categories']
    return {
        number: name
        for number, name in enumerate(names)
        if name not in ('__background__', 'N/A')
    }


class DetectorProposals(BaseProposals):
    """Base of sources whose boxes have the names of a detector.

    A name that is asked for stands for itself; any other is looked up in
    ``label_map``. A class that no name of the detector stands for never gets
    a box, of which a warning tells once.

    Args:
        label_map (dict[str, str], optional): The detector's names to those of
            the vocabulary. Defaults to COCO's for VOC, which does no harm to
            a vocabulary in COCO's own words.
        score_thr (float): Defaults to 0.25, as YOLOv7's own.
        nms_iou (float, optional): Defaults to 0.7.
        kwargs: Of :class:`BaseProposals`.

    Attributes:
        detector_names (tuple[str]): All that the detector knows; a subclass
            sets them.
    """

    needs_names = True

    def __init__(
        self,
        label_map: Translation | None = None,
        score_thr: float = 0.25,
        nms_iou: NMSThreshold = 0.7,
        **kwargs,
    ):
        super().__init__(score_thr=score_thr, nms_iou=nms_iou, **kwargs)
        self.label_map = dict(COCO_TO_VOC if label_map is None else label_map)
        self.detector_names: tuple[str, ...] = ()
        self._reported_classes: set[str] = set()  # of which a warning told

    def translate(
        self, names: Sequence[str], class_labels: ClassLabels
    ) -> list[str | None]:
        """Return the classes of the detector's names, by ``label_map``.

        A name that is not asked in a picture, by its presence either, may stand for
        one that is.
        """
        names = [
            name if name in class_labels else self.label_map.get(name) for name in names
        ]
        return super().translate(names, class_labels)

    def forward(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        class_labels: Sequence[ClassLabels],
        segment: Segment,
    ) -> list[InstanceData]:
        """Return boxes; warn of classes that can never have one."""
        known = {*self.detector_names, *map(self.label_map.get, self.detector_names)}
        classes = {name for labels in class_labels for name in labels}
        unreported = classes - known - self._reported_classes
        if unreported:
            warn(
                f'{self.source} can give no box of {sorted(unreported)}: the detector '
                f'names {", ".join(self.detector_names[:5])}, ... Set label_map '
                'if one of its names stands for the class.'
            )
            self._reported_classes |= unreported
        return super().forward(inputs, data_samples, class_labels, segment)
