"""SegmentorClasses: the interface by which ZoomIn reads any segmentor."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from mmengine.structures import InstanceData, LabelData
from mmseg.models.utils import resize
from torch import Tensor

from .canvas import Canvas
from .options import Join
from .region import Region
from .segmentor_protocol import ZoomableSegmentor


class LabelSpace(NamedTuple):
    """The classes that a sample asks for.

    Attributes:
        labels (dict[str, int]): Labels by name, without the background's.
        channels (int): C, those of the segmentor's seg_logits.
    """

    labels: dict[str, int]
    channels: int


class SegmentorClasses(ABC):
    """Interface of the classes of a segmentor, prompted or a closed set.

    A single channel is a probability, as mmseg gives it; several are logits.

    Args:
        segmentor (ZoomableSegmentor): Whose classes they are.
    """

    canvas_type: type[Canvas]
    # Whether the segmentor says of a picture which names are asked in it.
    judges_presence: bool = False

    def __init__(self, segmentor: ZoomableSegmentor):
        self.segmentor = segmentor

    @property
    @abstractmethod
    def names(self) -> list[str] | None:
        """Names of all classes by channel, None if they are not known."""

    @property
    @abstractmethod
    def background(self) -> int | None:
        """Channel of the background, None if none is known."""

    def require_background(self) -> None:
        """Check that ``whole_picture='never'`` has a background to fill in.

        Raises:
            ValueError: If the segmentor has none.
        """
        if self.background is None:
            raise ValueError(
                "whole_picture='never' makes background of what is in no "
                'region, and ZoomIn knows of no background of this segmentor. '
                "Write whole_picture='fallback', or, if a closed set has one, "
                "give its `classes`, of which one is 'background'."
            )

    def require_names(self, source: str) -> None:
        """Check that the names are known.

        Args:
            source (str): That of the proposals, which come with names.

        Raises:
            ValueError: If they are not.
        """
        if self.names is None:
            raise ValueError(
                f'{source} gives boxes with names, and those '
                "of the segmentor's classes are not known. Give them to ZoomIn"
                " as `classes`, for instance classes='voc'."
            )

    @abstractmethod
    def get_label_space(self, class_name: str | None) -> LabelSpace:
        """Return what a sample asks for.

        Args:
            class_name (str, optional): The class of an episode.

        Raises:
            ValueError: If the segmentor cannot be asked so.
        """

    def keep_asked(
        self, label_space: LabelSpace, presence: LabelData | None
    ) -> LabelSpace:
        """Return the classes that a picture is still asked for."""
        return label_space

    def find_prior(self, presence: LabelData | None, region: Region) -> Tensor | float:
        """Return what is added to a region's logits."""
        return 0.0

    def describe_region(self, region: Region, presence: LabelData | None) -> dict:
        """Return the metainfo of the sample by which a region is segmented."""
        return {}

    @abstractmethod
    def list_regions(self, proposals: InstanceData) -> list[Region]:
        """Return the region of each proposal, by its ``windows``."""

    def create_canvas(
        self, channels: int, size: tuple[int, int], join: Join, device: torch.device
    ) -> Canvas:
        """Return the empty canvas of a picture."""
        return self.canvas_type(channels, size, join, self.background, device)

    @abstractmethod
    def calibrate_whole(self, logits: Tensor) -> Tensor:
        """Return a whole picture's logits (C, H, W) on the regions' scale."""

    @abstractmethod
    def _activate(self, logits: Tensor) -> Tensor:
        """Return probabilities of several channels (C, H, W)."""

    def _restore_logit(self, probability: Tensor) -> Tensor:
        """Return the logit of a region's single channel (1, h, w)."""
        return probability.logit(1e-7)  # the bound keeps that of certainty finite

    @abstractmethod
    def _select_logits(self, logits: Tensor) -> Tensor:
        """Return those of a region's several channels that are pasted."""

    @abstractmethod
    def _label_logits(self, logits: Tensor, region: Region) -> Tensor:
        """Return the label map (1, h, w) of a region's logits."""

    def compute_probabilities(self, logits: Tensor, labels: dict[str, int]) -> Tensor:
        """Return probabilities (K, H, W) of some classes.

        Args:
            logits (Tensor): seg_logits (C, H, W).
            labels (dict[str, int]): K labels by name.
        """
        if len(logits) == 1:
            return logits
        return self._activate(logits)[list(labels.values())]

    def read_region(
        self, logits: Tensor, region: Region, channels: int, prior: float | Tensor = 0.0
    ) -> Tensor:
        """Return the values of a region at its size in the picture.

        Args:
            logits (Tensor): The segmentor's seg_logits (C, h, w) of it.
            region (Region): What they are of.
            channels (int): Those of the whole picture's seg_logits.
            prior (Tensor | float): What is added to its logits.

        Returns:
            Tensor: (1 or C, h, w). Probabilities if the picture has a single
            channel, otherwise logits.
        """
        if len(logits) == 1:
            logits = self._restore_logit(logits)
        else:
            logits = self._select_logits(logits)
        values = resize(
            logits[None] + prior,
            size=region.window.size,
            mode='bilinear',
            align_corners=self.segmentor.align_corners,
        )[0]  # (1 or C, h, w)
        return values.sigmoid() if channels == 1 else values

    def label_region(self, values: Tensor, region: Region, channels: int) -> Tensor:
        """Return the label map int16 (h, w) of the values of a region.

        Args:
            values (Tensor): As :meth:`read_region` gives them.
            region (Region): What they are of.
            channels (int): Those of the whole picture's seg_logits.
        """
        if channels == 1:
            labels = self.label_pixels(values)
        else:
            labels = self._label_logits(values, region)
        return labels[0].to(torch.int16)

    def label_pixels(self, logits: Tensor) -> Tensor:
        """Return the label map (1, H, W) of seg_logits (C, H, W)."""
        if len(logits) > 1:
            return logits.max(0, keepdim=True).indices  # far quicker than argmax
        return (logits > self.segmentor.decode_head.threshold).to(logits)
