"""TextGatedVisionTransformer: the text weighs the patches of CLIP's tower."""

from typing import Literal

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from .clsclip_vit import ClsCLIPVisionTransformer


@MODELS.register_module(name=['TextGatedVisionTransformer', 'TextAsWeights'])
class TextGatedVisionTransformer(ClsCLIPVisionTransformer):
    """The text weighs the patch tokens instead of replacing the [CLS].

    Before every navigated block the patches x are multiplied by
    ``2 * sigmoid(L_i(T_cls))``, a weight a channel, or by
    ``2 * sigmoid(x . L_i(T_cls) / sqrt(C))``, a weight a patch. The paper
    reports both as worse and gives no formula; the 2 leaves the tokens as they
    are where the map says nothing.

    Args:
        weights (str): ``'channel'`` or ``'spatial'``.
        kwargs: Of :class:`ClsCLIPVisionTransformer`.

    Raises:
        ValueError: If ``weights`` is neither, or ``num_tokens`` is not 1.
    """

    def __init__(self, weights: Literal['channel', 'spatial'], **kwargs):
        super().__init__(**kwargs)
        if self.num_tokens > 1:
            raise ValueError(
                f'{type(self).__name__}: num_tokens={self.num_tokens}, and the text '
                'weighs the patches here and is no token: leave num_tokens out.'
            )
        self.weights = weights
        # By a name of their own in checkpoints: as large as what replaces the
        # [CLS], they mean something else.
        self.add_module(f'{weights}_gates', self._modules.pop('projections'))

    @property
    def projections(self) -> nn.ModuleList:
        """The maps L_i."""
        return self.get_submodule(f'{self.weights}_gates')

    def inject_text(self, i: int, x: Tensor, text: Tensor) -> Tensor:
        """Weigh the patches of tokens (M, 1 + h * w, C) by text tokens (M, D)."""
        token = self.project(i, text)[:, None].to(x.dtype)
        cls, patches = x[:, :1], x[:, 1:]
        if self.weights == 'spatial':
            # Autocast sums in float32 on some devices, and all that follows.
            token = (patches * token).sum(-1, keepdim=True).to(x.dtype)
            token = token / x.shape[-1] ** 0.5
        return torch.cat([cls, 2 * token.sigmoid() * patches], dim=1)
