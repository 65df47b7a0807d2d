"""Files that are written whole or not at all, and files that must exist."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .messages import first_few
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


def require_files(
    paths: Iterable[str | os.PathLike],
    what: str,
    hint: str = '',
    is_file: Callable = os.path.isfile,
) -> None:
    """Raise an error unless all files exist.

    Args:
        paths (Iterable[str]): The files.
        what (str): What they are, in the plural.
        hint (str): What to do if they are not there.
        is_file (Callable): Looks for a file; another storage has its own.

    Raises:
        FileNotFoundError: With how many are missing and the first few.
    """
    paths = list(paths)
    missing = [path for path in paths if not is_file(path)]
    if missing:
        raise FileNotFoundError(
            f'{len(missing)} of {len(paths)} {what} do not exist: '
            f'{first_few(missing)}. {hint}'.rstrip()
        )
