"""CLIP's visual tower, and the ways a text or a task changes it."""

from .clip_vit import CLIPVisionTransformer
from .clsclip_vit import ClsCLIPVisionTransformer
from .dense_clip_vit import DenseCLIPVisionTransformer
from .gated_and_navigated_vit import GatedAndNavigatedVisionTransformer
from .pseudo_inverse_vit import PseudoInverseVisionTransformer
from .text_gated_vit import TextGatedVisionTransformer
from .visual_prompt_vit import VisualPromptVisionTransformer

__all__ = [
    'CLIPVisionTransformer',
    'ClsCLIPVisionTransformer',
    'DenseCLIPVisionTransformer',
    'GatedAndNavigatedVisionTransformer',
    'PseudoInverseVisionTransformer',
    'TextGatedVisionTransformer',
    'VisualPromptVisionTransformer',
]
