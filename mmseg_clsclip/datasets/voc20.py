"""VOC without its background, which mmseg does not have."""

from mmseg.datasets import BaseSegDataset, PascalVOCDataset
from mmseg.registry import DATASETS


@DATASETS.register_module()
class PascalVOCDataset20(BaseSegDataset):
    """VOC 2012's 20 classes; the background is ignored.

    What mmseg's ``PascalContextDataset59`` is to Context: for VOC20 in the
    open-vocabulary convention and VOC 15/5 in the generalised one.

    Args:
        reduce_zero_label (bool): As mmseg's has it; it can only be True.
        kwargs: Of mmseg's ``BaseSegDataset``.

    Raises:
        ValueError: If ``reduce_zero_label`` is not True.
    """

    METAINFO = dict(
        classes=PascalVOCDataset.METAINFO['classes'][1:],
        palette=PascalVOCDataset.METAINFO['palette'][1:],
    )

    def __init__(self, reduce_zero_label: bool = True, **kwargs):
        if not reduce_zero_label:
            raise ValueError(
                'PascalVOCDataset20 has no background: leave out reduce_zero_label, or '
                "take mmseg's PascalVOCDataset."
            )
        super().__init__(reduce_zero_label=True, **kwargs)
