"""Pictures of users, opened by the usual formats alone."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from .errors import REQUEST_ERRORS, describe_failure

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


def check_no_pipe(path: str | PathLike) -> None:
    """Refuse what is there and no file; to open a pipe would wait for its writer.

    Raises:
        ValueError: If it is a pipe, a socket or a device.
    """
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise ValueError(f'{path}: is a pipe, a socket or a device, no file.')


@contextmanager
def explain_unreadable(path: str | PathLike) -> Iterator[None]:
    """Explain of whatever Pillow's readers raise that a picture cannot be read.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is no picture, damaged or too large.
    """
    try:
        yield
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except UnidentifiedImageError as error:
        empty = Path(path).is_file() and not Path(path).stat().st_size
        raise ValueError(
            f'{path}: is empty.'
            if empty
            else f'{path}: is no picture ({", ".join(FORMATS)}).'
        ) from error
    except Image.DecompressionBombError as error:
        raise ValueError(f'{path}: {error} Make it smaller.') from error
    except Exception as error:  # whatever Pillow's readers raise
        raise ValueError(f'{path}: cannot be read ({error}).') from error


def list_if_all_fail(paths: Iterable[str]) -> list[str]:
    """Return of pictures none of which can be opened why, a line each.

    They are looked at until one can, by how they begin: nothing is decoded.

    Args:
        paths (Iterable[str]): Files, or addresses with ``://``, which are not
            opened and may be pictures.
    """
    reasons = []
    for path in paths:
        if '://' in path:
            return []
        try:
            check_no_pipe(path)
            with explain_unreadable(path), open_image(path):
                return []
        except REQUEST_ERRORS as error:
            reasons.append(describe_failure(path, error))
    return reasons
