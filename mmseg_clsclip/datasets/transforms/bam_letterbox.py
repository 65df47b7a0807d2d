"""BAM's test pictures: letterboxed, scored on a square."""

from typing import Annotated

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from ...utils.arguments import Rule

CanvasSide = Annotated[
    int, Rule('a whole number of pixels, 8 or more', lambda n: n >= 8)
]


@TRANSFORMS.register_module()
class BAMLetterbox(BaseTransform):
    """The test-time geometry of BAM's code, for figures beside its table.

    The longer side becomes ``size``, both sides are floored to a multiple of
    8, and the picture is pasted at the top left of a canvas of zeros. The
    truth is scored at the original scale on a square of the longer side, 255
    outside the picture. BAM upsamples with aligned corners: set
    ``decode_head.align_corners`` too. mmseg's own way, and our default, is to
    score at the original size.

    Required keys: img, ori_shape, gt_seg_map (optional). Modified keys: img
    (S, S, 3) uint8, img_shape, ori_shape (L, L), gt_seg_map (L, L). Added
    key: geometry, which results name if it is in the ``meta_keys`` of
    ``PackSegInputs``.

    Args:
        size (int): Side S of the canvas, in pixels; 8 or more.
    """

    def __init__(self, size: CanvasSide):
        self.size = size

    def transform(self, results: dict) -> dict:
        """Return the results with the picture and the truth on squares."""
        img = results['img']
        height, width = img.shape[:2]
        longer = max(height, width)
        # In BAM's order, which decides where a product is nearly whole: of a
        # square the width may come out a pixel less, and so 8.
        sides = [int(side * (self.size / longer)) for side in (height, width)]
        sides[height < width] = self.size
        new_h, new_w = (max(side // 8 * 8, 8) for side in sides)
        canvas = np.zeros((self.size, self.size, img.shape[2]), img.dtype)
        canvas[:new_h, :new_w] = cv2.resize(
            img, (new_w, new_h), interpolation=cv2.INTER_LINEAR
        )
        results.update(
            img=canvas,
            img_shape=canvas.shape[:2],
            ori_shape=(longer, longer),
            scale_factor=(self.size / longer, self.size / longer),
            keep_ratio=True,
            geometry='BAM letterbox',
        )
        if 'gt_seg_map' in results:
            truth = np.full((longer, longer), 255, np.uint8)
            truth[:height, :width] = results['gt_seg_map']
            results['gt_seg_map'] = truth
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(size={self.size})'
