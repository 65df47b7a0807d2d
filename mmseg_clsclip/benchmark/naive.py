"""ClsCLIP class by class, by the plain modules of open_clip and PyTorch."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..models.backbones import ClsCLIPVisionTransformer, PseudoInverseVisionTransformer
from ..models.segmentors import ClsCLIP


class NaiveClsCLIP:
    """ClsCLIP class by class, each from pixels to its map, in the model's dtype.

    Args:
        model (nn.Module): A :class:`mmseg_clsclip.ClsCLIP`.
        classes (int): The largest number of its classes that is asked for.
    """

    @staticmethod
    def is_of(model: nn.Module) -> bool:
        """Return whether a model is the paper's, with no other way into the tower."""
        return type(model) is ClsCLIP and type(model.backbone) in (
            ClsCLIPVisionTransformer,
            PseudoInverseVisionTransformer,
        )

    def __init__(self, model: nn.Module, classes: int):
        self.model = model
        self.names = model.text_encoder.names[:classes]

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Tensor:
        """Return foreground logits (N, K, H, W)."""
        clip = self.model.text_encoder.clip.module
        tokens = self.model.text_encoder.tokenizer(list(self.names))
        with self.model.class_by_class.autocast(self.model, pictures.device):
            text = clip.encode_text(tokens.to(pictures.device), normalize=False)
            return torch.cat([self._logits(pictures, token) for token in text], 1)

    def _logits(self, pictures: Tensor, token: Tensor) -> Tensor:
        backbone, head = self.model.backbone, self.model.decode_head
        visual = backbone.visual.module
        height, width = pictures.shape[2:]
        grid = backbone.grid_size(height, width)
        bottom, right = backbone.padded_size(height, width)
        pictures = F.pad(pictures, (0, right - width, 0, bottom - height))
        x = visual.conv1(pictures).flatten(2).transpose(1, 2)  # (N, L, C)
        cls = visual.class_embedding.expand(len(x), 1, -1)
        # (N, 1 + L, C)
        x = torch.cat([cls, x], 1) + backbone._position_embedding(grid)
        x = visual.ln_pre(x)
        length = x.shape[1]
        for i, block in enumerate(visual.transformer.resblocks):
            if i in backbone.navigate_blocks:
                # (n, C): one in the [CLS]'s place, the others at the end.
                tokens = backbone.project(i, token).unflatten(0, (-1, x.shape[2]))
                cls, more = tokens.expand(len(x), -1, -1).tensor_split([1], 1)
                x = torch.cat([cls, x[:, 1:length], more], 1)
            x = block(x)
            if i in backbone.navigate_blocks[-1:]:
                x = x[:, :length]
        x = x[:, 1:]
        for layer in head.layers:
            x = layer(x)
        x = head.norm(x).transpose(1, 2).unflatten(2, grid)  # (N, C, h, w)
        for i, conv in enumerate(head.convs):
            x = F.relu(conv(x))
            if 2**i < head.upsample:
                x = F.interpolate(x, scale_factor=2, mode='bilinear')
        return F.interpolate(head.conv_seg(x), pictures.shape[2:], mode='bilinear')[
            ..., :height, :width
        ]
