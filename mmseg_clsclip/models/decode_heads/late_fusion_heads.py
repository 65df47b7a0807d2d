"""Heads that read the text: ClsCLIP's decoder, where the text enters late.

CLIP's tower runs once a picture, whatever the number of classes.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Count
from .clsclip_head import ClsCLIPHead


class LateFusionHead(ClsCLIPHead):
    """ClsCLIP's decoder with a text to read.

    Subclasses say what is done once a picture (:meth:`shared_features`) and
    what for each class (:meth:`class_logits`).

    Args:
        text_channels (int): Width D of the text tokens, in all subclasses; filled
            in with CLIP's, too.
        kwargs: Of :class:`ClsCLIPHead`.
    """

    def shared_features(self, x: Tensor) -> Tensor:
        """Return what all classes share of patch tokens (N, C, h, w)."""
        return x

    def class_logits(self, shared: Tensor, text: Tensor) -> Tensor:
        """Return logits (N, K, s * h, s * w) for text tokens (N, K, D)."""
        raise NotImplementedError

    def forward(self, feats: Sequence[Tensor], text: Tensor) -> Tensor:
        """Return foreground logits.

        Args:
            feats (Sequence[Tensor]): The backbone's maps, the last of which,
                (N, C, h, w), is read.
            text (Tensor): Text tokens (N, K, D).

        Returns:
            Tensor: (N, K, upsample * h, upsample * w).
        """
        x = self._transform_inputs(feats)
        return self.class_logits(self.shared_features(x), text)


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
