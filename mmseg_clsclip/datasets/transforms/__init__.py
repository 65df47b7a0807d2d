"""Transforms of a sample's picture and mask."""

from .bam_letterbox import BAMLetterbox
from .episode_crop import EpisodeCrop
from .gaussian_blur import GaussianBlur
from .make_episode import MakeEpisode
from .removable_pad import RemovablePad

__all__ = ['BAMLetterbox', 'EpisodeCrop', 'GaussianBlur', 'MakeEpisode', 'RemovablePad']
