"""Segmentors that are asked by names."""

from .clip_segmentor import PromptedSegmentor
from .clsclip import ClsCLIP
from .dense_clip import DenseCLIP
from .hugging_face import HuggingFaceSegmentor, TransformersSegmentor
from .late_fusion import LateFusion, NavigatedLateFusion
from .text_prompted import NamedSegmentor, asks_by_name

__all__ = [
    'ClsCLIP',
    'DenseCLIP',
    'HuggingFaceSegmentor',
    'LateFusion',
    'NamedSegmentor',
    'NavigatedLateFusion',
    'PromptedSegmentor',
    'TransformersSegmentor',
    'asks_by_name',
]
