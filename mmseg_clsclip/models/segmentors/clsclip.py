"""ClsCLIP: the text navigates the encoder."""

import torch
import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor

from .clip_segmentor import PromptedSegmentor


@MODELS.register_module()
class ClsCLIP(PromptedSegmentor):
    """Zero-shot segmentor whose encoder is asked for one class at a time.

    After "[CLS] Token is All You Need for Zero-Shot Semantic Segmentation",
    arXiv 2304.06212. The blocks before the first navigated one run once a
    picture, the others and the head once for every class::

        encode(): backbone.encode_prefix()
        answer(): backbone.navigate() -> decode_head()

    The arguments are :class:`PromptedSegmentor`'s, with
    :class:`ClsCLIPVisionTransformer` as the backbone and
    :class:`ClsCLIPHead` as the head.
    """

    def extract_feat(self, inputs: Tensor, text: Tensor) -> list[Tensor]:
        """Navigated features of pictures.

        Args:
            inputs (Tensor): (N, 3, H, W).
            text (Tensor): Text tokens (N, K, D).

        Returns:
            list[Tensor]: One map (N * K, C, h, w).
        """
        return self.backbone(inputs, text)

    def encode(self, inputs: Tensor) -> Tensor:
        """Tokens (N, 1 + h * w, C) before the first navigated block."""
        return self.backbone.encode_prefix(inputs)

    def answer(self, shared: Tensor, text: Tensor, grid: tuple[int, int]) -> Tensor:
        """Foreground logits (N, K, s * h, s * w), see the base class."""
        feats = [self.backbone.navigate(shared, text, grid)]
        return self.decode_head(feats).unflatten(0, text.shape[:2]).squeeze(2)

    def similarity(self, shared: Tensor, text: Tensor) -> Tensor:
        """Cosine (N, K) of CLIP's own embeddings, see the base class."""
        pictures = F.normalize(self.backbone.embed(shared), dim=-1)
        text = F.normalize(text, dim=-1)
        # In half precision many classes would be equal.
        with torch.autocast(text.device.type, enabled=False):
            return torch.einsum('nd,nkd->nk', pictures.float(), text)
