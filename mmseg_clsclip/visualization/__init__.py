"""Drawing what the zoom-in does."""
from .zoom_in import draw_zoom_in

__all__ = ['draw_zoom_in']
