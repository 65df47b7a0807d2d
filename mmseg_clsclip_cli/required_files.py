"""Files that must exist."""

import os
from collections.abc import Callable, Iterable

from .messages import first_few


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
