"""Reading pictures of any kind as a viewer shows them."""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.fileio import get
from PIL import Image, ImageOps

from mmseg_clsclip_cli.images import check_no_pipe, explain_unreadable, open_image

_MODES_WITH_ALPHA = ('RGBA', 'LA', 'PA', 'RGBa', 'La')


class LoadedImage(NamedTuple):
    """A picture and what had to be done to have it.

    Attributes:
        pixels (np.ndarray): (H, W, 3) uint8, RGB.
        notes (tuple[str]): What a user should know.
    """

    pixels: np.ndarray
    notes: tuple[str, ...] = ()


def read_image(path: str | Path, max_pixels: int | None = None) -> LoadedImage:
    """Read a picture.

    It is turned as its EXIF data say; what is transparent lies on white; of
    16 bits the upper 8 are taken; of several frames the first. Colour
    profiles are left aside, as mmseg does.

    Args:
        path (str): A file, or an address that mmengine's file backends know,
            such as ``shapes-5i://test/0/000007.bmp``.
        max_pixels (int, optional): More are refused before they are
            decoded. Defaults to Pillow's own limit, 178 million.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is no file, no picture, damaged, too large, or of a
            kind that has no one way to be shown.
    """
    address = '://' in str(path)
    if not address:
        check_no_pipe(path)
    with explain_unreadable(path):
        source = io.BytesIO(get(str(path))) if address else path
        with open_image(source) as image:
            if max_pixels and image.width * image.height > max_pixels:
                raise ValueError(
                    f'{image.width} x {image.height} pixels, more than the '
                    f'{max_pixels:,} that are taken here; make it smaller'
                )
            return convert_to_rgb(image)


def convert_to_rgb(image: Image.Image) -> LoadedImage:
    """Return a picture of Pillow's as RGB, see :func:`read_image`.

    Raises:
        ValueError: If its values have no one way to be shown.
    """
    notes = []
    if getattr(image, 'is_animated', False):
        notes.append('it has several frames; the first is taken')
    # Some of Pillow's readers have 16 bits in 32.
    wide = image.mode == 'I' and image.format not in ('PNG', 'PPM')
    image.load()  # not below: what cannot be decoded is no picture
    try:
        image = ImageOps.exif_transpose(image)
    except Exception:  # whatever Pillow makes of them; the pixels are whole
        notes.append('its EXIF data are damaged: it is taken as it lies in the file')
    if wide or image.mode == 'F':
        raise ValueError('32 bits a pixel; save it with 8 or 16')
    if image.mode == 'I' or image.mode.startswith('I;16'):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in _MODES_WITH_ALPHA or 'transparency' in image.info:
        image = image.convert('RGBA')
        if image.getchannel('A').getextrema()[0] < 255:
            notes.append('what is transparent lies on white')
        image = Image.alpha_composite(Image.new('RGBA', image.size, 'white'), image)
    return LoadedImage(np.array(image.convert('RGB')), tuple(notes))


def load_image(
    picture: str | Path | Image.Image | np.ndarray | LoadedImage,
) -> LoadedImage:
    """Return a picture of any kind as RGB.

    Args:
        picture (str | Image | np.ndarray): A file, a picture of Pillow's, or
            (H, W, 3) uint8, RGB.

    Raises:
        OSError, ValueError: If it cannot be read, see :func:`read_image`.
    """
    match picture:
        case LoadedImage():
            return picture
        case np.ndarray():
            return LoadedImage(picture)
        case Image.Image():
            return convert_to_rgb(picture)
    return read_image(picture)


def shrink(pixels: np.ndarray, max_pixels: float) -> LoadedImage:
    """Make a picture (H, W, 3) uint8 smaller if it has more pixels than these."""
    height, width = pixels.shape[:2]
    scale = (max_pixels / (height * width)) ** 0.5
    if scale >= 1:
        return LoadedImage(pixels)
    size = [max(1, int(side * scale)) for side in (width, height)]
    return LoadedImage(
        np.array(Image.fromarray(pixels).resize(size)),
        (
            f'seen at {size[0]} x {size[1]} pixels to save memory; '
            'the mask has the full size',
        ),
    )
