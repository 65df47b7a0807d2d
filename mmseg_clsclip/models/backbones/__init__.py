"""CLIP's visual tower, and the ways a text or a task changes it."""

from .ablation_vits import PseudoInverseStart, TextAsWeights, VisualPromptTuning
from .clsclip_vit import ClsCLIPVisionTransformer
from .dense_clip_vit import DenseCLIPVisionTransformer

__all__ = [
    'ClsCLIPVisionTransformer',
    'DenseCLIPVisionTransformer',
    'PseudoInverseStart',
    'TextAsWeights',
    'VisualPromptTuning',
]
