"""PseudoInverseVisionTransformer: projections that start at CLIP's own way back."""

import torch
from mmseg.registry import MODELS

from .clsclip_vit import ClsCLIPVisionTransformer


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

    Raises:
        ValueError: If the CLIP has no [CLS] that is compared with texts.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        visual = self.visual.module
        if visual.attn_pool is not None or visual.pool_type != 'tok':
            raise ValueError(
                f'{self.clip_name} compares texts with what it pools of the patches, '
                "from which no way leads back to a [CLS]: take the backbone's own "
                "start, type='ClsCLIPVisionTransformer'."
            )
        norm = visual.ln_post
        with torch.no_grad():
            back = torch.linalg.pinv(visual.proj.float()).T
            for projection in self.projections:
                first = slice(self.out_channels)
                projection.weight[first] = back / norm.weight[:, None]
                projection.bias[first] = -norm.bias / norm.weight
