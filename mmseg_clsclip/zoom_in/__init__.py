"""ClsCLIP+: the test-time zoom-in around any segmentor."""

from .zoom_in import ZoomIn

__all__ = ['ZoomIn']
