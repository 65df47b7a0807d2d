"""JSON files: those of others read with words for what is wrong, ours written whole."""

import json
import os
from typing import Any

from mmengine import fileio

from .files import atomic_write


def read_json(path: str | os.PathLike) -> Any:
    """Return the content of a JSON file, wherever mmengine can read.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no JSON, with where it breaks, or if Python
            cannot hold it.
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


def write_json(path: str | os.PathLike, content: Any) -> None:
    """Write a JSON file that is whole or not there.

    Raises:
        OSError: If it cannot be written.
        TypeError: If JSON has no such values.
    """
    text = json.dumps(content, indent=1) + '\n'
    with atomic_write(path) as file:
        file.write(text.encode())
