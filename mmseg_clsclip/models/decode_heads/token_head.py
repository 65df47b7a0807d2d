"""TokenHead: the text is one more token of the decoder."""

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Count
from .late_fusion_head import LateFusionHead


@MODELS.register_module()
class TokenHead(LateFusionHead):
    """The text is one more token of the decoder.

    What ClsCLIP does in the frozen tower, done in layers that are trained: a
    linear map carries the text to a token, which the patches read by
    attention.
    """

    def __init__(self, text_channels: Count, **kwargs):
        super().__init__(**kwargs)
        self.project = nn.Linear(text_channels, self.in_channels)

    def class_logits(self, shared: Tensor, text: Tensor) -> Tensor:
        """Return logits (N, K, s * h, s * w) for text tokens (N, K, D)."""
        x = shared.repeat_interleave(text.shape[1], dim=0)  # (N * K, C, h, w)
        token = self.project(text.flatten(0, 1)).to(x.dtype)[:, None]
        tokens = torch.cat([x.flatten(2).transpose(1, 2), token], dim=1)
        logits = self.cls_seg(self.decode_tokens(tokens, x.shape[2:]))
        return logits.unflatten(0, text.shape[:2]).squeeze(2)
