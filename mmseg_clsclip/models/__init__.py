"""The models: towers, text encoders, heads and the segmentors of them."""

from .backbones import (
    CLIPVisionTransformer,
    ClsCLIPVisionTransformer,
    DenseCLIPVisionTransformer,
    PseudoInverseVisionTransformer,
    TextGatedVisionTransformer,
    VisualPromptVisionTransformer,
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
from .presence import CLIPPresence
from .segmentors import (
    CLIPSegmentor,
    ClsCLIP,
    DenseCLIP,
    HuggingFaceSegmentor,
    LateFusionSegmentor,
    NavigatedLateFusionSegmentor,
)
from .text_encoders import OpenCLIPTextEncoder

__all__ = [
    'CLIPPresence',
    'CLIPVisionTransformer',
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
    'LateFusionSegmentor',
    'LateFusionHead',
    'NavigatedLateFusionSegmentor',
    'OpenCLIPTextEncoder',
    'CLIPSegmentor',
    'PseudoInverseVisionTransformer',
    'TextGatedVisionTransformer',
    'TokenHead',
    'VisualPromptVisionTransformer',
    'load_clip',
]
