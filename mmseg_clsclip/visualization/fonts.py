"""The font of what is written on pictures."""

from functools import lru_cache
from pathlib import Path

import matplotlib
from PIL import ImageFont


@lru_cache
def load_font(size: int) -> ImageFont.FreeTypeFont:
    """Load DejaVu Sans, which matplotlib brings, in pixels of height."""
    path = Path(matplotlib.get_data_path(), 'fonts/ttf/DejaVuSans.ttf')
    return ImageFont.truetype(str(path), size)
