"""The models: towers, text encoders, heads and the segmentors of them."""

from .backbones import (
    ClsCLIPVisionTransformer,
    DenseCLIPVisionTransformer,
    PseudoInverseStart,
    TextAsWeights,
    VisualPromptTuning,
)
from .clip import load_clip
from .decode_heads import (
    ClsCLIPHead,
    DenseCLIPHead,
    FiLMHead,
    LateFusionHead,
    LSegHead,
    TokenHead,
)
from .losses import BinaryDiceLoss
from .segmentors import (
    ClsCLIP,
    DenseCLIP,
    HuggingFaceSegmentor,
    LateFusion,
    NavigatedLateFusion,
    PromptedSegmentor,
    TransformersSegmentor,
)
from .text_encoders import OpenCLIPTextEncoder

__all__ = [
    'BinaryDiceLoss',
    'ClsCLIP',
    'ClsCLIPHead',
    'ClsCLIPVisionTransformer',
    'DenseCLIP',
    'DenseCLIPHead',
    'DenseCLIPVisionTransformer',
    'FiLMHead',
    'HuggingFaceSegmentor',
    'LSegHead',
    'LateFusion',
    'LateFusionHead',
    'NavigatedLateFusion',
    'OpenCLIPTextEncoder',
    'PromptedSegmentor',
    'PseudoInverseStart',
    'TextAsWeights',
    'TokenHead',
    'TransformersSegmentor',
    'VisualPromptTuning',
    'load_clip',
]
