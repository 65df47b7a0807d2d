"""The samples of pictures that come without any."""

from mmseg.structures import SegDataSample
from mmseg.utils import SampleList
from torch import Tensor


def blank_samples(pictures: Tensor) -> SampleList:
    """Return a sample for each of pictures (N, C, H, W), at its own size."""
    size = tuple(pictures.shape[2:])
    return [
        SegDataSample(metainfo=dict(ori_shape=size, img_shape=size)) for _ in pictures
    ]
