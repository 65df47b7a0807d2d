"""Transforms of a sample's picture and mask."""

from .bam_letterbox import BAMLetterbox
from .make_episode import MakeEpisode

__all__ = ['BAMLetterbox', 'MakeEpisode']
