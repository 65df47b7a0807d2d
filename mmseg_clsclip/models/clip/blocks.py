"""The blocks of CLIP's tower and of the decoder, in few passes.

They read the modules' own weights and give what the modules give. PyTorch's
``nn.MultiheadAttention`` writes out the attention of all pairs of tokens where
its fused kernel does not, and an activation of several steps goes through the
widest tensor of a block once for each.
"""

import torch
import torch.nn.functional as F
from open_clip.transformer import QuickGELU, ResidualAttentionBlock
from torch import Tensor, nn

# QuickGELU(x) = x * sigmoid(1.702 x) = SiLU(1.702 x) / 1.702
QUICK = 1.702


def split_heads(attn: nn.MultiheadAttention, x: Tensor) -> list[Tensor]:
    """Queries, keys and values of tokens (M, L, C).

    Returns:
        list[Tensor]: Three times (M, heads, L, C / heads).
    """
    parts = F.linear(x, attn.in_proj_weight, attn.in_proj_bias)
    return [
        part.unflatten(-1, (attn.num_heads, -1)).transpose(1, 2)
        for part in parts.chunk(3, dim=-1)
    ]


def join_heads(attn: nn.MultiheadAttention, x: Tensor) -> Tensor:
    """The output (M, L, C) of what the heads found, (M, heads, L, d)."""
    return attn.out_proj(x.transpose(1, 2).flatten(2))


def attend(attn: nn.MultiheadAttention, x: Tensor) -> Tensor:
    """Self-attention of tokens (M, L, C) by PyTorch's fused kernels."""
    return join_heads(attn, F.scaled_dot_product_attention(*split_heads(attn, x)))


def feed_forward(fc: nn.Linear, act: nn.Module, proj: nn.Linear, x: Tensor) -> Tensor:
    """``proj(act(fc(x)))`` of tokens (M, L, C)."""
    if not isinstance(act, QuickGELU):
        return proj(act(fc(x)))
    # The factors go into the products, so that one pass is left. Not into
    # beta: unless it is 1, CUDA first writes the bias out for all tokens.
    wide = torch.addmm(QUICK * fc.bias, x.flatten(0, 1), fc.weight.t(), alpha=QUICK)
    wide = F.silu(wide, inplace=not wide.requires_grad)
    out = torch.addmm(proj.bias, wide, proj.weight.t(), alpha=1 / QUICK)
    return out.unflatten(0, x.shape[:2])


def run_block(block: nn.Module, x: Tensor) -> Tensor:
    """A block of an open_clip tower on tokens (M, L, C)."""
    if type(block) is not ResidualAttentionBlock:
        return block(x)
    return after_attention(block, x, attend(block.attn, block.ln_1(x)))


def after_attention(
    block: ResidualAttentionBlock, x: Tensor, attended: Tensor
) -> Tensor:
    """The rest of a block: what it adds to tokens x, (M, L, C) both."""
    x = x + block.ls_1(attended)
    fc, act, proj = block.mlp
    return x + block.ls_2(feed_forward(fc, act, proj, block.ln_2(x)))


def run_layer(layer: nn.TransformerEncoderLayer, x: Tensor) -> Tensor:
    """A layer with ``norm_first`` and no dropout on tokens (M, L, C)."""
    x = x + attend(layer.self_attn, layer.norm1(x))
    return x + layer.linear2(layer.activation(layer.linear1(layer.norm2(x))))
