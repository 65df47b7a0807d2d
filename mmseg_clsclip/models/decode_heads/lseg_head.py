"""LSegHead: a pixel is of a class if its embedding is near the text's."""

import torch
import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Count
from .late_fusion_head import LateFusionHead


@MODELS.register_module()
class LSegHead(LateFusionHead):
    """LSeg-style: a pixel is of a class if its embedding is near the text's.

    The decoder's pixels are mapped to CLIP's joint space, and a class's logit
    is the scaled cosine with its text (LSeg, arXiv 2201.03546, section 3). The
    foreground is decided class by class, as in ClsCLIP, where LSeg takes a
    softmax over the vocabulary; so scale and offset are learned.
    """

    def __init__(self, text_channels: Count, **kwargs):
        super().__init__(**kwargs)
        # In place of the single logit.
        self.conv_seg = nn.Conv2d(self.channels, text_channels, 1)
        self.scale = nn.Parameter(torch.tensor(10.0))
        self.offset = nn.Parameter(torch.tensor(0.0))

    def shared_features(self, x: Tensor) -> Tensor:
        """Return unit embeddings (N, D, s * h, s * w) of patch tokens."""
        return F.normalize(self.cls_seg(self.decode(x)), dim=1)

    def class_logits(self, shared: Tensor, text: Tensor) -> Tensor:
        """Return logits (N, K, s * h, s * w) for text tokens (N, K, D)."""
        cosine = torch.einsum(
            'ndhw,nkd->nkhw', shared, F.normalize(text, dim=-1).to(shared.dtype)
        )
        return self.scale * cosine + self.offset
