"""Other ways into CLIP's tower than a replaced [CLS], for ablations."""

from typing import Literal

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Natural
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
            token = (patches * token).sum(-1, keepdim=True) / x.shape[-1] ** 0.5
        return torch.cat([cls, 2 * token.sigmoid() * patches], dim=1)


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


@MODELS.register_module(name=['PseudoInverseVisionTransformer', 'PseudoInverseStart'])
class PseudoInverseVisionTransformer(ClsCLIPVisionTransformer):
    """Projections that start where CLIP's own [CLS] would be.

    CLIP compares a text with ``P^T ln_post([CLS])``. The maps start as the
    way back: the pseudo-inverse of P, then of ln_post's scale and shift, so
    that a text becomes the last [CLS] of a picture with its embedding, but
    for the length, which the blocks' norms take out. They are trained from
    there. Of several tokens a block this is the start of the one in the
    [CLS]'s place; the others, which were alike for good if they began alike,
    start at random.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        visual = self.visual.module
        norm = visual.ln_post
        with torch.no_grad():
            back = torch.linalg.pinv(visual.proj.float()).T
            for projection in self.projections:
                first = slice(self.out_channels)
                projection.weight[first] = back / norm.weight[:, None]
                projection.bias[first] = -norm.bias / norm.weight


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

    def run_block(self, i: int, x: Tensor) -> Tensor:
        """Run block i on tokens (M, L, C) and its prompts."""
        prompts = self.prompts[i].to(x.dtype).expand(x.shape[0], -1, -1)
        return super().run_block(i, torch.cat([x, prompts], dim=1))[:, : x.shape[1]]
