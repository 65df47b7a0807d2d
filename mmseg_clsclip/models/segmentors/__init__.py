"""Segmentors that are asked by names."""

from .clip_segmentor import CLIPSegmentor
from .clsclip import ClsCLIP
from .dense_clip import DenseCLIP
from .hugging_face import HuggingFaceSegmentor
from .late_fusion import LateFusionSegmentor
from .navigated_late_fusion import NavigatedLateFusionSegmentor
from .query_dense_clip import QueryDenseCLIP
from .text_prompted import TextPromptedSegmentor, asks_by_name

__all__ = [
    'ClsCLIP',
    'DenseCLIP',
    'HuggingFaceSegmentor',
    'LateFusionSegmentor',
    'TextPromptedSegmentor',
    'NavigatedLateFusionSegmentor',
    'CLIPSegmentor',
    'QueryDenseCLIP',
    'asks_by_name',
]
