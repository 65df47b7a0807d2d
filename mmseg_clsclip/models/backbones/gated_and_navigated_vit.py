"""GatedAndNavigatedVisionTransformer: the text is a token and weighs the patches."""

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from .clsclip_vit import ClsCLIPVisionTransformer


@MODELS.register_module()
class GatedAndNavigatedVisionTransformer(ClsCLIPVisionTransformer):
    """The text stands among the tokens and weighs the patches' channels, too.

    Before every navigated block what :class:`ClsCLIPVisionTransformer` does, of one
    token or several, and then what :class:`TextGatedVisionTransformer` does by
    channel, with maps of their own.

    Args:
        kwargs: Of :class:`ClsCLIPVisionTransformer`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.channel_gates = nn.ModuleList(
            nn.Linear(self.text_dim, self.out_channels) for _ in self.projections
        )

    def inject_text(self, i: int, x: Tensor, text: Tensor) -> Tensor:
        """Put text tokens (M, D) among tokens (M, L, C), and weigh the patches."""
        x = super().inject_text(i, x, text)
        gates = self.channel_gates[self.map_index(i)]
        gate = 2 * gates(text)[:, None].to(x.dtype).sigmoid()
        patches = slice(1, x.shape[1] - (self.num_tokens - 1))
        return torch.cat([x[:, :1], gate * x[:, patches], x[:, patches.stop :]], dim=1)
