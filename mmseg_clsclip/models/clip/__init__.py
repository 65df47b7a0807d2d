"""CLIP itself: its weights, its blocks, its positions, kept frozen."""

from .frozen import Frozen
from .loading import LoadedCLIP, load_clip

__all__ = ['Frozen', 'LoadedCLIP', 'load_clip']
