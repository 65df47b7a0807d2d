"""FiLMHead: the text scales and shifts the decoder's channels."""

from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Count
from .late_fusion_head import LateFusionHead


@MODELS.register_module()
class FiLMHead(LateFusionHead):
    """CLIPSeg-style: the text scales and shifts the decoder's channels.

    Before the decoder's first layer the tokens become
    ``gamma(T) * x + beta(T)`` with two linear maps of the text (FiLM, arXiv
    1709.07871, eq. 1-2, as CLIPSeg, arXiv 2112.10003, section 3 takes it).
    """

    def __init__(self, text_channels: Count, **kwargs):
        super().__init__(**kwargs)
        self.gamma = nn.Linear(text_channels, self.in_channels)
        self.beta = nn.Linear(text_channels, self.in_channels)

    def class_logits(self, shared: Tensor, text: Tensor) -> Tensor:
        """Return logits (N, K, s * h, s * w) for text tokens (N, K, D)."""
        gamma, beta = self.gamma(text), self.beta(text)
        x = shared[:, None] * gamma[..., None, None] + beta[..., None, None]
        logits = self.cls_seg(self.decode(x.flatten(0, 1)))
        return logits.unflatten(0, text.shape[:2]).squeeze(2)
