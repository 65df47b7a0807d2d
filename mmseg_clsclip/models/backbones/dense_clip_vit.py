"""DenseCLIPVisionTransformer: every patch in CLIP's joint space.

The last block of MaskCLIP, SCLIP, NACLIP and ClearCLIP; nothing is learned.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor, nn

from ..clip.blocks import after_attention, join_heads, split_heads
from .clip_vit import CLIPVisionTransformer

# What is compared with what in the last block; the maps of several are added.
ATTENTIONS = {
    'qk': ('qk',),
    'v': (),
    'qq': ('qq',),
    'kk': ('kk',),
    'qq+kk': ('qq', 'kk'),
    'neighbour': ('kk',),
}


# Standard deviation of NACLIP's window, in patches.
NEIGHBOUR_STD = 5.0


@MODELS.register_module()
class DenseCLIPVisionTransformer(CLIPVisionTransformer):
    """A frozen ViT of open_clip whose patches lie in CLIP's joint space.

    All blocks but the last are open_clip's own. With q, k and v as it has them
    and s(x) = softmax(x / sqrt(d)) in each head, the last one's attention is,
    before its output projection:

    - ``'qk'``: s(q k^T) v, CLIP's own;
    - ``'v'``: v, each token its own (MaskCLIP, arXiv 2112.01071);
    - ``'qq'``: s(q q^T) v (ClearCLIP, arXiv 2407.12442, no residual);
    - ``'kk'``: s(k k^T) v;
    - ``'qq+kk'``: (s(q q^T) + s(k k^T)) v (SCLIP, arXiv 2312.01597);
    - ``'neighbour'``: softmax(k k^T / sqrt(d) + w) v, where w is
      exp(-r^2 / (2 * 5^2)) for patches r patches apart and 0 for the [CLS]
      (NACLIP, arXiv 2404.08181, no residual).

    MaskCLIP's paper has the formula of a ResNet's pooling, without a residual;
    its authors' code for a ViT keeps residual and MLP, and so do we. What the
    methods refine afterwards (key smoothing, prompt denoising, PAMR) is left
    out.

    Args:
        attention (str): One of those above. Defaults to ``'v'``.
        residual (bool): Whether the last block keeps its residual connections
            and its MLP. Without, its attention alone is its output.
        kwargs: ``architecture``, ``pretrained``, ``clip`` and ``init_cfg`` of
            :class:`CLIPVisionTransformer`.

    Raises:
        ValueError: If there is no such attention, or the tower has none that
            can be changed.
    """

    def __init__(
        self,
        attention: Literal[tuple(ATTENTIONS)] = 'v',
        residual: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        visual = self.visual.module
        if visual.attn_pool is not None or not isinstance(
            visual.transformer.resblocks[-1].attn, nn.MultiheadAttention
        ):
            raise ValueError(
                f'The patches of {self.clip_name!r} have no place in the '
                'joint space, or its attention is not a plain one; use a ViT '
                "such as 'ViT-B-16-quickgelu'."
            )
        self.attention = attention
        self.residual = residual
        self.out_channels = self.text_dim

    @staticmethod
    def _window(grid: tuple[int, int], like: Tensor) -> Tensor:
        """Return NACLIP's w, (1 + h * w, 1 + h * w)."""
        sides = [torch.arange(n, device=like.device).float() for n in grid]
        # A Gaussian of the distance is the rows' times the columns'. Not by
        # torch.kron, which would fix the grid of an exported model.
        rows, columns = (
            torch.exp(-((at[:, None] - at) ** 2) / (2 * NEIGHBOUR_STD**2))
            for at in sides
        )
        window = torch.einsum('ij,kl->ikjl', rows, columns)  # (h, w, h, w)
        window = window.flatten(2).flatten(0, 1)  # (h * w, h * w)
        return F.pad(window, (1, 0, 1, 0)).to(like.dtype)

    def _attend(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        """Apply the last block's attention to tokens (N, 1 + h * w, C)."""
        attn = self.visual.module.transformer.resblocks[-1].attn
        q, k, v = split_heads(attn, x)
        window = self._window(grid, q) if self.attention == 'neighbour' else None
        tokens = dict(q=q, k=k)
        maps = [
            F.scaled_dot_product_attention(tokens[a], tokens[b], v, window)
            for a, b in ATTENTIONS[self.attention]
        ]
        return join_heads(attn, sum(maps) if maps else v)

    @torch.no_grad()
    def forward(self, inputs: Tensor) -> tuple[Tensor]:
        """Embed every patch of pictures.

        Args:
            inputs (Tensor): Normalised pictures (N, 3, H, W).

        Returns:
            tuple[Tensor]: One map (N, D, h, w) after the last LayerNorm and
            the visual projection, not normalised.
        """
        grid = self.grid_size(*inputs.shape[-2:])
        x = self.run_blocks(self.first_tokens(inputs), self.depth - 1)
        visual = self.visual.module
        block = visual.transformer.resblocks[-1]
        out = self._attend(block.ln_1(x), grid)
        out = after_attention(block, x, out) if self.residual else block.ls_1(out)
        out = visual.ln_post(out[:, 1:]) @ visual.proj  # (N, h * w, D)
        return (out.transpose(1, 2).unflatten(2, grid),)
