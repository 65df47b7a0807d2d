"""Figures as small PNGs."""

import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from ..utils.files import atomic_write


def save_figure(figure: Figure, path: str | Path, dpi: float) -> None:
    """Write a figure as a PNG of 256 colours, some third of a full one's bytes.

    Args:
        figure (Figure): Matplotlib's.
        path (str | Path): Of the PNG, whole or not there.
        dpi (float): Pixels an inch.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=dpi)
    image = Image.open(buffer).convert('RGB')
    small = image.quantize(256, dither=Image.Dither.NONE)
    with atomic_write(path) as file:
        small.save(file, format='png', optimize=True)
