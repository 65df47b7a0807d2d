"""From patch tokens to masks."""

from .clsclip_head import ClsCLIPHead
from .dense_clip_head import DenseCLIPHead
from .film_head import FiLMHead
from .late_fusion_head import LateFusionHead
from .lseg_head import LSegHead
from .token_head import TokenHead

__all__ = [
    'ClsCLIPHead',
    'DenseCLIPHead',
    'FiLMHead',
    'LSegHead',
    'LateFusionHead',
    'TokenHead',
]
