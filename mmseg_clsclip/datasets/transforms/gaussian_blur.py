"""GaussianBlur: a picture out of focus."""

from typing import Annotated

import cv2
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from ...utils.arguments import Rule

KernelSide = Annotated[
    int,
    Rule(
        'an odd number of pixels, 1 or more', lambda side: side >= 1 and side % 2 == 1
    ),
]


@TRANSFORMS.register_module()
class GaussianBlur(BaseTransform):
    """Blur the picture, and not the labels.

    Inside mmcv's ``RandomApply`` it is some pictures alone. Required and modified
    key: img, (H, W, 3).

    Args:
        kernel_size (int): Side of the kernel, in pixels; odd. The weights are
            OpenCV's for it: of 5 pixels 1, 4, 6, 4 and 1 sixteenths.
    """

    def __init__(self, kernel_size: KernelSide):
        self.kernel_size = kernel_size

    def transform(self, results: dict) -> dict:
        """Return the results with the picture blurred."""
        side = self.kernel_size
        results['img'] = cv2.GaussianBlur(results['img'], (side, side), 0)
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(kernel_size={self.kernel_size})'
