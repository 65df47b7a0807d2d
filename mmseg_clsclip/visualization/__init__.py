"""Drawing what the zoom-in does and what the text does in the tower."""

from .draw_zoom_in import draw_zoom_in
from .episode_visualizer import EpisodeVisualizer
from .navigation import draw_navigation, navigation_maps

__all__ = ['EpisodeVisualizer', 'draw_navigation', 'draw_zoom_in', 'navigation_maps']
