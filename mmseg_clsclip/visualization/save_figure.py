"""Drawings as small PNGs."""

import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from mmseg_clsclip_cli.images import open_image

from ..utils.files import atomic_write


def save_small(image: Image.Image, path: str | Path) -> None:
    """Write an image as a PNG of 256 colours, some third of a full one's bytes.

    Args:
        image (Image): RGB.
        path (str | Path): Of the PNG, whole or not there.
    """
    # The only method that keeps a rare colour, such as that of an edge.
    small = image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    with atomic_write(path) as file:
        small.save(file, format='png', optimize=True)


def save_figure(figure: Figure, path: str | Path, dpi: float) -> None:
    """Write a figure of matplotlib as :func:`save_small` does.

    Args:
        figure (Figure): Matplotlib's.
        path (str | Path): Of the PNG.
        dpi (float): Pixels an inch.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=dpi)
    save_small(open_image(buffer).convert('RGB'), path)
