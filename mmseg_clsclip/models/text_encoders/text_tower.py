"""Texts through CLIP's text tower."""

import open_clip
import torch
from open_clip.transformer import text_global_pool
from torch import Tensor, nn


def encode_text(clip: nn.Module, tokens: Tensor) -> Tensor:
    """Return text embeddings (T, D), as they are, of token ids (T, L).

    Of open_clip's models CoCa normalises them, unless it is told not to.
    """
    return clip.encode_text(tokens, normalize=False)


def encode_short_text(clip: nn.Module, tokens: Tensor) -> Tensor:
    """Return the same, without what stands behind the end of the longest text.

    In OpenAI's text tower no token sees those behind it, so the places that are
    empty in all texts, most of its 77, change nothing but the time. Other towers
    read all.
    """
    if (
        type(clip) is not open_clip.CLIP
        or clip.text_pool_type != 'argmax'
        or clip.attn_mask is None
    ):
        return encode_text(clip, tokens)
    # The end has the greatest id.
    tokens = tokens[:, : int(tokens.argmax(-1).max()) + 1]
    length = tokens.shape[1]
    dtype = clip.transformer.get_cast_dtype()
    x = clip.token_embedding(tokens).to(dtype)  # (T, L, C)
    x = x + clip.positional_embedding[:length].to(dtype)
    x = clip.transformer(x, attn_mask=clip.attn_mask[:length, :length])
    x = text_global_pool(clip.ln_final(x), tokens, 'argmax')
    if isinstance(clip.text_projection, nn.Linear):
        return clip.text_projection(x)
    return x if clip.text_projection is None else x @ clip.text_projection


def encode_in_batches(clip: nn.Module, tokens: Tensor, batch_size: int) -> Tensor:
    """Return embeddings (T, D) float32 of texts, a batch after the other.

    Args:
        clip (nn.Module): A CLIP of open_clip.
        tokens (Tensor): Token ids (T, L), as its tokenizer gives them.
        batch_size (int): Texts in one forward of the tower.
    """
    device = clip.logit_scale.device
    # Full precision whatever surrounds it: the result is kept for good.
    with torch.autocast(device.type, enabled=False):
        return torch.cat(
            [
                encode_short_text(clip, part.to(device))
                for part in tokens.split(batch_size)
            ]
        ).float()
