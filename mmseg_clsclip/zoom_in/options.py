"""Join and WholePicture: two options of ZoomIn, a word each in a config."""

from enum import Enum


class Join(str, Enum):
    """How the values of overlapping regions are joined."""

    OR = 'or'
    MAX = 'max'
    MEAN = 'mean'


class WholePicture(str, Enum):
    """Where the segmentor's logits of the whole picture are taken."""

    FALLBACK = 'fallback'
    INCLUDE = 'include'
    NEVER = 'never'
