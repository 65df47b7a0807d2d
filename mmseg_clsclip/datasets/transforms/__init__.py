"""Transforms of a sample's picture and mask."""

from .bam_letterbox import BAMLetterbox
from .gaussian_blur import GaussianBlur
from .make_episode import MakeEpisode
from .removable_pad import RemovablePad

__all__ = ['BAMLetterbox', 'GaussianBlur', 'MakeEpisode', 'RemovablePad']
