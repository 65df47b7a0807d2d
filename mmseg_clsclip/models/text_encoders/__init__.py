"""From names to text tokens."""

from .open_clip_text_encoder import OpenCLIPTextEncoder
from .vocabulary import read_vocabulary

__all__ = ['OpenCLIPTextEncoder', 'read_vocabulary']
