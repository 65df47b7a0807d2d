"""From patch tokens to masks."""

from .clsclip_head import ClsCLIPHead
from .dense_clip_head import DenseCLIPHead
from .late_fusion_heads import FiLMHead, LateFusionHead, LSegHead, TokenHead

__all__ = [
    'ClsCLIPHead',
    'DenseCLIPHead',
    'FiLMHead',
    'LSegHead',
    'LateFusionHead',
    'TokenHead',
]
