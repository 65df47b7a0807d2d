"""What ClsCLIP is compared with, on the same CLIP, data and tools."""
from .dense_clip import DenseCLIP, DenseCLIPHead, DenseCLIPVisionTransformer
from .encoders import PseudoInverseStart, TextAsWeights, VisualPromptTuning
from .late_fusion import (
    FiLMHead,
    LateFusion,
    LSegHead,
    NavigatedLateFusion,
    TokenHead,
)
from .transformers_segmentor import TransformersSegmentor

__all__ = [
    'DenseCLIP', 'DenseCLIPHead', 'DenseCLIPVisionTransformer',
    'FiLMHead', 'LSegHead', 'LateFusion', 'NavigatedLateFusion',
    'PseudoInverseStart', 'TextAsWeights', 'TokenHead',
    'TransformersSegmentor', 'VisualPromptTuning'
]
