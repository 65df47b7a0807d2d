"""Pictures of users, opened by the usual formats alone."""

from os import PathLike
from typing import BinaryIO

from PIL import Image

FORMATS = ('BMP', 'GIF', 'JPEG', 'PNG', 'PPM', 'TIFF', 'WEBP')


def open_image(file: str | PathLike | BinaryIO, *more: str) -> Image.Image:
    """Open a picture, whatever its name says, if it is of :data:`FORMATS`.

    Pillow alone would try each format that it knows, and start Ghostscript
    for an EPS that is called ``picture.png``.

    Args:
        file (str | BinaryIO): As Pillow has it.
        *more (str): Formats beside the usual ones, by Pillow's names.

    Raises:
        PIL.UnidentifiedImageError: If it is of another format, or none.
    """
    return Image.open(file, formats=(*FORMATS, *more))
