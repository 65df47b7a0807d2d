"""CLIP's visual tower, and the ways a text or a task changes it."""

from .ablation_vits import (
    GatedAndNavigatedVisionTransformer,
    PseudoInverseVisionTransformer,
    TextGatedVisionTransformer,
    VisualPromptVisionTransformer,
)
from .clip_vit import CLIPVisionTransformer
from .clsclip_vit import ClsCLIPVisionTransformer
from .dense_clip_vit import DenseCLIPVisionTransformer

__all__ = [
    'CLIPVisionTransformer',
    'ClsCLIPVisionTransformer',
    'DenseCLIPVisionTransformer',
    'GatedAndNavigatedVisionTransformer',
    'PseudoInverseVisionTransformer',
    'TextGatedVisionTransformer',
    'VisualPromptVisionTransformer',
]
