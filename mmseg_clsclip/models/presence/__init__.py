"""Which names of a vocabulary are in a picture."""

from .clip_presence import CLIPPresence, Presence

__all__ = ['CLIPPresence', 'Presence']
