"""Files that are whole or not there."""
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


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
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=path.name + '.', suffix='.part', dir=path.parent)
    try:
        with os.fdopen(handle, 'wb') as file:
            yield file
        # mkstemp's file is for its owner alone; what the user makes is not.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
