"""LateFusionSegmentor: the text meets the picture in the decoder.

What ClsCLIP is compared with, on the same frozen CLIP, with the same decoder,
loss and tools: what differs is where the text enters.
"""

from typing import Any

from mmseg.registry import MODELS
from torch import Tensor

from .clip_segmentor import CLIPSegmentor


@MODELS.register_module(name=['LateFusionSegmentor', 'LateFusion'])
class LateFusionSegmentor(CLIPSegmentor):
    """A frozen tower that sees no text, and a head that does.

    ::

        shared_features(): backbone() -> decode_head.shared_features()
        class_logits(): decode_head.class_logits()

    The arguments are :class:`CLIPSegmentor`'s, with
    :class:`CLIPVisionTransformer` as the backbone and a
    :class:`LateFusionHead`, such as :class:`LSegHead` or :class:`FiLMHead`.
    """

    HEAD_READS_TEXT, TOWER_READS_TEXT = True, False

    def shared_features(self, inputs: Tensor) -> Any:
        """Return what the head shares between classes, of pictures (N, 3, H, W)."""
        return self.decode_head.shared_features(self.backbone(inputs)[0])

    def class_logits(self, shared: Any, text: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return foreground logits (N, K, s * h, s * w), see the base class."""
        return self.decode_head.class_logits(shared, text)
