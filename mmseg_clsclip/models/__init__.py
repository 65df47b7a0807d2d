"""The models: towers, text encoders, heads and the segmentors of them."""

from .backbones import (
    CLIPVisionTransformer,
    ClsCLIPVisionTransformer,
    DenseCLIPVisionTransformer,
    GatedAndNavigatedVisionTransformer,
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
    QueryDenseCLIP,
)
from .text_encoders import OpenCLIPTextEncoder

__all__ = [
    'BinaryDiceLoss',
    'CLIPPresence',
    'CLIPSegmentor',
    'CLIPVisionTransformer',
    'ClsCLIP',
    'ClsCLIPHead',
    'ClsCLIPVisionTransformer',
    'DenseCLIP',
    'DenseCLIPHead',
    'DenseCLIPVisionTransformer',
    'FiLMHead',
    'GatedAndNavigatedVisionTransformer',
    'HuggingFaceSegmentor',
    'LSegHead',
    'LateFusionHead',
    'LateFusionSegmentor',
    'NavigatedLateFusionSegmentor',
    'OpenCLIPTextEncoder',
    'PseudoInverseVisionTransformer',
    'QueryDenseCLIP',
    'TextGatedVisionTransformer',
    'TokenHead',
    'VisualPromptVisionTransformer',
    'load_clip',
]
