"""ZoomableSegmentor: the attributes that ZoomIn reads of a segmentor."""

from typing import Protocol

from mmseg.utils import SampleList
from torch import nn


class ZoomableSegmentor(Protocol):
    """Any segmentor of mmseg's; those of its ``EncoderDecoder`` have all.

    Attributes:
        data_preprocessor (nn.Module): Its ``device``, and ``test_cfg`` if it
            pads.
        decode_head (nn.Module): Its ``threshold`` makes labels of a single
            channel.
        align_corners (bool): How logits are resized.
        out_channels (int): Channels of a closed set's logits. Optional:
            defaults to the number of names.
        dataset_meta (dict, optional): Its ``classes`` name a closed set's.
        test_cfg (dict, optional): Without ``labels_only``.
    """

    data_preprocessor: nn.Module
    decode_head: nn.Module
    align_corners: bool
    out_channels: int
    dataset_meta: dict | None
    test_cfg: dict | None

    def test_step(self, data: dict) -> SampleList:
        """Segment ``inputs`` with ``data_samples``, as mmseg does."""


class PromptableSegmentor(ZoomableSegmentor, Protocol):
    """A segmentor prompted with ``class_name`` in a sample's metainfo.

    Attributes:
        text_encoder (nn.Module): Its ``names`` are the vocabulary that is
            asked for otherwise; by them a segmentor is known as promptable.
        with_background (bool): Whether channel 0 is the background. Optional:
            defaults to True.
        classes_compete (bool): Whether an episode's logit is the margin over
            the other classes, and a vocabulary's is not. Optional: defaults
            to False.
        has_random_weights (bool): Whether its scores mean nothing. Optional:
            defaults to False; read by evaluations alone.
    """

    text_encoder: nn.Module
    with_background: bool
    classes_compete: bool
    has_random_weights: bool
