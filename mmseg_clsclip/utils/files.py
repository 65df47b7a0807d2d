"""Files that are whole or not there, JSON, configs, words about many."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from mmengine import fileio

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


def read_json(path: str | os.PathLike) -> Any:
    """What a JSON file says, wherever mmengine can read.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no JSON, of which it says where it breaks, or
            Python cannot hold it.
    """
    path = str(path)
    if not fileio.exists(path):
        raise FileNotFoundError(f'{path} does not exist.')
    try:
        return json.loads(fileio.get_text(path, encoding='utf-8-sig'))
    except json.JSONDecodeError as error:
        raise ValueError(
            f'{path} is not JSON: line {error.lineno}, column '
            f'{error.colno}: {error.msg}.'
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not JSON, not even text.') from error
    except RecursionError as error:
        raise ValueError(f'{path} cannot be read: it is nested too deeply.') from error
    except ValueError as error:  # a number of thousands of digits
        raise ValueError(f'{path} cannot be read: {error}.') from error


def some(items: Iterable, number: int = 5) -> str:
    """The first few of many items, for a message."""
    items = [str(item) for item in items]
    return ', '.join(items[:number]) + (', ...' if len(items) > number else '')


def require_files(
    paths: Iterable[str | os.PathLike],
    what: str,
    hint: str = '',
    is_file: Callable = os.path.isfile,
) -> None:
    """All of them exist.

    Args:
        paths (Iterable[str]): The files.
        what (str): What they are, in the plural.
        hint (str): What to do if they are not there.
        is_file (Callable): Looks for one; another storage has its own.

    Raises:
        FileNotFoundError: With how many are missing and the first few.
    """
    paths = list(paths)
    missing = [path for path in paths if not is_file(path)]
    if missing:
        raise FileNotFoundError(
            f'{len(missing)} of {len(paths)} {what} do not exist: '
            f'{some(missing)}. {hint}'.rstrip()
        )


def configs_folder() -> Path:
    """Where the project's configs lie: in its wheel, or in a checkout.

    Raises:
        FileNotFoundError: If they are in neither.
    """
    package = Path(__file__).parents[1]
    # The former is where OpenMMLab's packages have them in a wheel.
    folders = package / '.mim' / 'configs', package.parent / 'configs'
    for folder in folders:
        if (folder / '_base_').is_dir():
            return folder
    raise FileNotFoundError(
        f'The configs of mmseg_clsclip are neither in {folders[0]} nor in '
        f'{folders[1]}. Install the package from its wheel or, out of a '
        'checkout, by pip install -e .'
    )
