"""ClsCLIP: the text navigates the encoder."""

from mmseg.registry import MODELS
from torch import Tensor

from ..backbones.clsclip_vit import ClsCLIPVisionTransformer
from .clip_segmentor import CLIPSegmentor


@MODELS.register_module()
class ClsCLIP(CLIPSegmentor):
    """Zero-shot segmentor whose encoder is asked for one class at a time.

    After "[CLS] Token is All You Need for Zero-Shot Semantic Segmentation",
    arXiv 2304.06212. The blocks before the first navigated one run once a
    picture, the others and the head once for every class::

        shared_features(): backbone.encode_prefix()
        class_logits(): backbone.navigate() -> decode_head()

    The arguments are :class:`CLIPSegmentor`'s, with
    :class:`ClsCLIPVisionTransformer` as the backbone and
    :class:`ClsCLIPHead` as the head.
    """

    BACKBONE = ClsCLIPVisionTransformer
    HEAD_READS_TEXT = False

    def shared_features(self, inputs: Tensor) -> Tensor:
        """Return tokens (N, 1 + h * w, C) before the first navigated block."""
        return self.backbone.encode_prefix(inputs)

    def class_logits(
        self, shared: Tensor, text: Tensor, grid: tuple[int, int]
    ) -> Tensor:
        """Return foreground logits (N, K, s * h, s * w), see the base class."""
        feats = [self.backbone.navigate(shared, text, grid)]
        return self.decode_head(feats).unflatten(0, text.shape[:2]).squeeze(2)
