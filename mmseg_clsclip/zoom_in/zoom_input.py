"""ZoomInput: a picture that ZoomIn works on."""

from dataclasses import dataclass

import numpy as np
from mmengine.structures import LabelData
from mmseg.structures import SegDataSample
from torch import Tensor

from ..utils.keys import CLASS_NAME
from .segmentor_classes import LabelSpace, SegmentorClasses


@dataclass
class ZoomInput:
    """A picture as it was read, and the classes that it is asked for.

    Attributes:
        image (np.ndarray): (H, W, 3), as it was read.
        sample (SegDataSample): Its own.
        label_space (LabelSpace): The classes that it is asked for: of a vocabulary
            those that its presence asks, as soon as that is known.
        whole_logits (Tensor, optional): (C, H, W), the segmentor's of the
            whole picture; None until they are needed.
        presence (LabelData, optional): What the segmentor said with them of
            which names are there.
    """

    image: np.ndarray
    sample: SegDataSample
    label_space: LabelSpace
    whole_logits: Tensor | None = None
    presence: LabelData | None = None

    @classmethod
    def from_sample(
        cls, image: Tensor, sample: SegDataSample, classes: SegmentorClasses
    ) -> 'ZoomInput':
        """Build it from what a data loader gives.

        Args:
            image (Tensor): (3, H, W), as it was read.
            sample (SegDataSample): Its own.
            classes (SegmentorClasses): Those of the segmentor.

        Raises:
            ValueError: If the picture is resized, flipped or not single.
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
        return cls(
            # Not to the segmentor's device: what comes next is OpenCV's.
            image=image.permute(1, 2, 0).cpu().numpy(),  # (H, W, 3)
            sample=sample,
            label_space=classes.get_label_space(meta.get(CLASS_NAME)),
        )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.image.shape[:2]

    @property
    def is_episode(self) -> bool:
        """Whether a single class is asked for."""
        return bool(self.sample.metainfo.get(CLASS_NAME))
