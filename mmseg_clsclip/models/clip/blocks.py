"""The blocks of CLIP's tower and of the decoder, in few passes.

They read the modules' own weights and give what the modules give. PyTorch's
``nn.MultiheadAttention`` writes out the attention of all pairs of tokens where
its fused kernel does not, and an activation of several steps goes through the
widest tensor of a block once for each.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from open_clip.transformer import QuickGELU, ResidualAttentionBlock
from torch import Tensor, nn

# QuickGELU(x) = x * sigmoid(1.702 x) = SiLU(1.702 x) / 1.702
QUICK_GELU_SCALE = 1.702


def split_heads(attn: nn.MultiheadAttention, x: Tensor) -> list[Tensor]:
    """Return queries, keys and values of tokens (M, L, C).

    Returns:
        list[Tensor]: Three times (M, heads, L, C / heads).
    """
    parts = F.linear(x, attn.in_proj_weight, attn.in_proj_bias)  # (M, L, 3 * C)
    return [
        part.unflatten(-1, (attn.num_heads, -1)).transpose(1, 2)
        for part in parts.chunk(3, dim=-1)
    ]


def join_heads(attn: nn.MultiheadAttention, x: Tensor) -> Tensor:
    """Return the output (M, L, C) of all heads (M, heads, L, d)."""
    return attn.out_proj(x.transpose(1, 2).flatten(2))


def attend(attn: nn.MultiheadAttention, x: Tensor) -> Tensor:
    """Run self-attention of tokens (M, L, C) by PyTorch's fused kernels."""
    return join_heads(attn, F.scaled_dot_product_attention(*split_heads(attn, x)))


def feed_forward(
    fc: nn.Linear, act: Callable[[Tensor], Tensor], proj: nn.Linear, x: Tensor
) -> Tensor:
    """Return ``proj(act(fc(x)))`` of tokens (M, L, C)."""
    if not isinstance(act, QuickGELU):
        return proj(act(fc(x)))
    # The factors go into the products, so that one pass is left. Not into
    # beta: unless it is 1, CUDA first writes the bias out for all tokens.
    scale = QUICK_GELU_SCALE
    wide = torch.addmm(scale * fc.bias, x.flatten(0, 1), fc.weight.t(), alpha=scale)
    wide = F.silu(wide, inplace=not wide.requires_grad)  # (M * L, 4 * C)
    out = torch.addmm(proj.bias, wide, proj.weight.t(), alpha=1 / scale)
    return out.unflatten(0, x.shape[:2])  # (M, L, C)


def layer_norm(norm: nn.LayerNorm | nn.Identity, x: Tensor) -> Tensor:
    """Normalise tokens (M, L, C) in their own dtype, with float32 statistics.

    Autocast would have tokens of half precision written out in float32 and back,
    where the kernel does as much inside.
    """
    half = x.dtype in (torch.bfloat16, torch.float16)
    if not half or isinstance(norm, nn.Identity):
        return norm(x)
    with torch.autocast(x.device.type, enabled=False):
        return F.layer_norm(
            x,
            norm.normalized_shape,
            norm.weight.to(x.dtype),
            norm.bias.to(x.dtype),
            norm.eps,
        )


def run_block(block: nn.Module, x: Tensor) -> Tensor:
    """Run a block of an open_clip tower on tokens (M, L, C)."""
    if type(block) is not ResidualAttentionBlock:
        return block(x)
    return after_attention(block, x, attend(block.attn, layer_norm(block.ln_1, x)))


def after_attention(
    block: ResidualAttentionBlock, x: Tensor, attended: Tensor
) -> Tensor:
    """Run the rest of a block after its attention, (M, L, C) like its tokens x."""
    x = x + block.ls_1(attended)
    fc, act, proj = block.mlp
    return x + block.ls_2(feed_forward(fc, act, proj, layer_norm(block.ln_2, x)))


def run_layer(layer: nn.TransformerEncoderLayer, x: Tensor) -> Tensor:
    """Run a layer with ``norm_first`` and no dropout on tokens (M, L, C)."""
    x = x + attend(layer.self_attn, layer_norm(layer.norm1, x))
    x_norm = layer_norm(layer.norm2, x)
    return x + feed_forward(layer.linear1, layer.activation, layer.linear2, x_norm)
