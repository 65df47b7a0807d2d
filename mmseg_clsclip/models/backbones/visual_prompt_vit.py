"""VisualPromptVisionTransformer: learned tokens in every block."""

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Natural
from .clsclip_vit import ClsCLIPVisionTransformer


@MODELS.register_module(name=['VisualPromptVisionTransformer', 'VisualPromptTuning'])
class VisualPromptVisionTransformer(ClsCLIPVisionTransformer):
    """A tower with learned tokens in every block, navigated or not.

    The deep form of visual prompt tuning (arXiv 2203.12119, eq. 5-6): block i
    runs on its input and ``num_prompts`` tokens of its own, whose outputs are
    dropped. CLIP's own weights stay frozen.

    Args:
        num_prompts (int): Learned tokens a block. Defaults to 10.
        kwargs: Of :class:`ClsCLIPVisionTransformer`.
    """

    def __init__(self, num_prompts: Natural = 10, **kwargs):
        super().__init__(**kwargs)
        self.prompts = nn.Parameter(
            torch.empty(self.depth, num_prompts, self.out_channels)
        )
        # As wide as CLIP's own [CLS] and positions start.
        nn.init.normal_(self.prompts, std=self.out_channels**-0.5)

    def block_input(self, i: int, x: Tensor) -> Tensor:
        """Return tokens (M, L, C) and behind them block i's prompts."""
        prompts = self.prompts[i].to(x.dtype).expand(x.shape[0], -1, -1)
        return torch.cat([x, prompts], dim=1)

    def run_block(self, i: int, x: Tensor) -> Tensor:
        """Run block i on tokens (M, L, C) and its prompts."""
        return super().run_block(i, self.block_input(i, x))[:, : x.shape[1]]
