"""Hidden folders of files that are being written, until they take their names."""

import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from mmseg_clsclip_cli.results import new_folder

try:
    import fcntl
except ImportError:  # no POSIX system: what a kill leaves behind stays
    fcntl = None

PART_PREFIX, PART_SUFFIX = '.mmseg_clsclip-', '.part'
# Locks of another machine may not be seen, but no writing takes a day.
ABANDONED_SECONDS = 24 * 3600


def _lock(folder: str | os.PathLike, wait: bool) -> int | None:
    """Return a handle that holds a folder until it is closed or its process ends.

    None if another process has it, or there are no locks.
    """
    handle = None
    try:
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        if handle is not None:
            os.close(handle)
        return None
    return handle


def _prefix() -> str:
    """Return the prefix of this machine's folders."""
    return f'{PART_PREFIX}{re.sub(r"[^a-zA-Z0-9]", "_", platform.node())[:64]}-'


@lru_cache(1024)
def _remove_left(folder: str) -> None:
    """Remove what killed processes have left in a folder; once a process."""
    for part in Path(folder).glob(f'{PART_PREFIX}*{PART_SUFFIX}'):
        with suppress(OSError):
            old = time.time() - part.stat().st_mtime > ABANDONED_SECONDS
            if part.name.startswith(_prefix()) or old:
                handle = _lock(part, wait=False)
                if handle is not None:
                    shutil.rmtree(part, ignore_errors=True)
                    os.close(handle)


def _held(parent: str | os.PathLike) -> tuple[str, int | None]:
    """Make a folder, and return it with the handle that holds it."""
    while True:
        part = tempfile.mkdtemp(prefix=_prefix(), suffix=PART_SUFFIX, dir=parent)
        handle = _lock(part, wait=True) if fcntl else None
        # Before it was held another may have taken it for one that was left.
        if os.path.isdir(part):
            return part, handle
        if handle is not None:
            os.close(handle)


@contextmanager
def part_folder(parent: str | os.PathLike) -> Iterator[Path]:
    """Make a hidden folder for files that take their names when all is done.

    Afterwards it is gone. If this process is killed it stays, until another
    one writes beside it.

    Args:
        parent (str): Where it lies, on the same disk as the names; it is made
            if need be.
    """
    with new_folder(parent):
        if fcntl:
            _remove_left(os.path.abspath(parent))
        part, handle = _held(parent)
        try:
            yield Path(part)
        finally:
            shutil.rmtree(part, ignore_errors=True)
            if handle is not None:
                os.close(handle)


def take_names(folder: Path, paths: Sequence[Path]) -> None:
    """Move files out of a folder; whenever this ends, none is beside an old.

    Files that have the names go first, the last of them before the others;
    the new ones come in order. So where the last one is, all are, of one
    call.

    Args:
        folder (Path): See :func:`part_folder`. Files in it have the same
            names.
        paths (Sequence[Path]): Their names and places.

    Raises:
        OSError: If one cannot take its name; then none has.
    """
    # Another process may have the same names.
    handle = _lock(paths[0].parent, wait=True) if fcntl else None
    try:
        for path in reversed(paths):
            path.unlink(missing_ok=True)
        for path in paths:
            os.replace(folder / path.name, path)
    except BaseException:
        for path in reversed(paths):
            with suppress(OSError):
                path.unlink()
        raise
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def held_folder(folder: str | os.PathLike) -> Iterator[None]:
    """Hold a folder, so that no other process of this package writes there.

    Where the disk or the system has no locks, nothing is held.

    Raises:
        ValueError: If another process holds it.
    """
    handle = os.open(folder, os.O_RDONLY) if fcntl else None
    try:
        try:
            if handle is not None:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(
                f'Another process writes to {folder}: wait for it, or write elsewhere.'
            ) from error
        except OSError:  # a disk without locks
            pass
        yield
    finally:
        if handle is not None:
            os.close(handle)
