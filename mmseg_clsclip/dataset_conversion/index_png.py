"""Index PNGs: masks whose pixels are labels, with colours for the eye."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from mmseg_clsclip_cli.images import open_image

from ..utils.files import atomic_write


def flat_palette(colours: Mapping[int, Sequence[int]]) -> list[int]:
    """Return the 768 numbers that Pillow takes for a palette, of labels' colours."""
    palette = np.zeros((256, 3), np.uint8)
    for label, colour in colours.items():
        palette[label] = colour
    return palette.ravel().tolist()


def read_index_png(path: Path) -> np.ndarray:
    """Read the values of a mask, (H, W) if it is one.

    Raises:
        OSError: If it cannot be read.
    """
    try:
        with open_image(path) as image:
            return np.asarray(image)
    except OSError as error:
        raise OSError(f'{path} cannot be read: {error}') from error


def write_index_png(labels: np.ndarray, path: Path, palette: Sequence[int]) -> None:
    """Write labels (H, W) uint8, whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    image = Image.fromarray(labels)
    image.putpalette(palette)
    with atomic_write(path) as file:
        image.save(file, 'PNG')
