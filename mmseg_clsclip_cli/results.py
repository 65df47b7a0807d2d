"""Where the results of pictures go: planned, and refused if they cannot."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .find_images import find_images
from .messages import first_few


def list_paths(stem: Path) -> list[Path]:
    """Return the paths of overlay, mask and JSON, which are written in order."""
    return [
        stem.with_name(stem.name + tail)
        for tail in ('_overlay.png', '_mask.png', '.json')
    ]


def check_labels(number: int) -> None:
    """Refuse more labels, the background among them, than a mask holds.

    Raises:
        ValueError: If there are more than 256.
    """
    if number > 256:
        raise ValueError(
            f'{number} labels; a mask as PNG holds 256. Ask for fewer classes.'
        )


def plan_results(
    pictures: Sequence[str], out_dir: Path, overwrite: bool
) -> tuple[dict[str, Path], list[str]]:
    """Return the pictures, each with its results' path, and what was not found.

    Args:
        pictures (Sequence[str]): See :func:`find_images`.
        out_dir (Path): Where the results go.
        overwrite (bool): Whether they take the place of others.

    Raises:
        ValueError: If a result would take the place of a file.
    """
    names, problems = find_images(pictures)
    stems = {path: out_dir / name for path, name in names.items()}
    files = [file for stem in stems.values() for file in list_paths(stem)]
    sources = {Path(path).resolve() for path in names}
    overwritten = [file for file in files if file.resolve() in sources]
    if overwritten:
        raise ValueError(
            f'{first_few(overwritten)}: a result would take the place of a '
            'picture. Write another --out-dir.'
        )
    # Of a name that is too long, False: the picture itself will say so.
    existing = [file for file in files if os.path.exists(file)]
    if existing and not overwrite:
        raise ValueError(
            f'{len(existing)} results exist: {first_few(existing)}. Write '
            '--overwrite, or another --out-dir.'
        )
    return stems, problems


def print_text(text: str) -> None:
    """Print a text, whatever stdout can encode, if it is still read."""
    encoding = sys.stdout.encoding or 'utf-8'
    try:
        print(text.encode(encoding, 'backslashreplace').decode(encoding), flush=True)
    except BrokenPipeError:
        # As under `| head -1`; the results are files. Python would try again at
        # the exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_done(done: int, pictures: int, out_dir: Path) -> None:
    """Print how many of the pictures have results, and where."""
    where = f'overlays, masks and JSON are in {out_dir}'
    print_text(
        f'{done} of {pictures} pictures segmented; '
        f'{where if done else "nothing is written"}.'
    )


@contextmanager
def new_folder(path: str | os.PathLike) -> Iterator[None]:
    """Make a folder and those above it.

    If the block fails, those that were made and are empty go again.
    """
    path = Path(path)
    new = [folder for folder in (path, *path.parents) if not os.path.exists(folder)]
    try:
        path.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with suppress(OSError):
            for folder in new:
                folder.rmdir()
        raise


@contextmanager
def writable_folder(path: Path) -> Iterator[None]:
    """Make a folder as :func:`new_folder` does, and try whether it takes files.

    Raises:
        OSError: If it takes none.
    """
    with new_folder(path):
        tempfile.TemporaryFile(dir=path).close()
        yield
