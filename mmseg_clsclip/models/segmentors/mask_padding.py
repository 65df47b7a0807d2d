"""Masks padded as the backbone pads pictures."""

import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from mmseg.utils import SampleList


def pad_masks(
    data_samples: SampleList, size: tuple[int, int], ignore_index: int
) -> SampleList:
    """Pad masks to the size that the backbone pads pictures to.

    The added pixels are ignored, so that the loss compares a logit with the
    pixel that it is the logit of, as inference does.

    Args:
        data_samples (list[SegDataSample]): With masks (1, H, W).
        size (tuple[int]): Height and width in the end.
        ignore_index (int): Label of pixels that do not count.
    """
    height, width = data_samples[0].gt_sem_seg.shape
    below, right = size[0] - height, size[1] - width
    if not (below or right):
        return data_samples
    return [
        SegDataSample(
            metainfo=sample.metainfo,
            gt_sem_seg=PixelData(
                data=F.pad(
                    sample.gt_sem_seg.data, (0, right, 0, below), value=ignore_index
                )
            ),
        )
        for sample in data_samples
    ]
