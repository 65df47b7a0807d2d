"""Picture: what is known of a picture while it is zoomed into."""

from dataclasses import dataclass

import numpy as np
from mmseg.structures import SegDataSample
from torch import Tensor

from .canvas import Window
from .prompted_classes import AskedClasses


@dataclass
class Picture:
    """A picture as it was read, what it is asked for, and what was said.

    Attributes:
        image (np.ndarray): (H, W, 3), as it was read.
        sample (SegDataSample): With which it came.
        wanted (dict[str, int]): Names asked for, with their labels.
        channels (int): C, of its seg_logits.
        whole (Tensor): (C, H, W), the segmentor's answer to all of it.
    """

    image: np.ndarray
    sample: SegDataSample
    wanted: dict[str, int]
    channels: int
    whole: Tensor | None = None

    @classmethod
    def of(cls, image: Tensor, sample: SegDataSample, asked: AskedClasses) -> 'Picture':
        """Take in what the data loader gives.

        Args:
            image (Tensor): (3, H, W), as it was read.
            sample (SegDataSample): Its own.
            asked (AskedClasses): Of the segmentor.

        Raises:
            ValueError: If it is not as it was read.
        """
        if not isinstance(image, Tensor) or image.ndim != 3:
            raise ValueError(
                'ZoomIn takes one picture (3, H, W) a sample. Take '
                'TestTimeAug out of the pipeline; ZoomIn is one itself.'
            )
        meta, size = sample.metainfo, tuple(image.shape[-2:])
        if meta.get('flip') or tuple(meta.get('ori_shape', size))[:2] != size:
            raise ValueError(
                f'A picture arrives as {size}, '
                f'{"" if meta.get("flip") else "not "}flipped; it was read as '
                f'{meta.get("ori_shape")}. ZoomIn cuts regions from the '
                'picture as it was read: take Resize and RandomFlip out of '
                'the pipeline and give the former to ZoomIn as `resize`.'
            )
        # Not to the segmentor's device: what comes next is OpenCV's.
        return cls(
            image.permute(1, 2, 0).cpu().numpy(),
            sample,
            *asked.of(meta.get('class_name')),
        )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.image.shape[:2]

    def cut(self, window: Window) -> np.ndarray:
        """A region (h, w, 3)."""
        x1, y1, x2, y2 = window
        return self.image[y1:y2, x1:x2]

    def channel(self, label: int | None) -> int | None:
        """Where a label stands in seg_logits; a single channel is label 1."""
        return label if self.channels > 1 or label is None else 0
