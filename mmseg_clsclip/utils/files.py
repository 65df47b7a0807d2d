"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .partial_files import part_folder


@contextmanager
def atomic_write(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Open a file that takes its name only when all of it is written.

    Folders above it are made. If the block fails nothing is left behind, and
    a file that was there before stays as it was.

    Args:
        path (str): The name it will have.

    Yields:
        BinaryIO: To write to.
    """
    with part_folder(Path(path).parent) as folder:
        with (folder / 'file').open('wb') as file:
            yield file
        os.replace(folder / 'file', path)
