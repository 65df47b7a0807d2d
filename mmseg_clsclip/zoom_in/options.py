"""Join and WholePicture: two options of ZoomIn, a word each in a config."""

from enum import Enum


class Join(str, Enum):
    """The ways to join the values of overlapping regions."""

    OR = 'or'
    MAX = 'max'
    MEAN = 'mean'


class WholePicture(str, Enum):
    """The places that take the segmentor's logits of the whole picture."""

    FALLBACK = 'fallback'
    INCLUDE = 'include'
    NEVER = 'never'
