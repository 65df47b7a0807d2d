"""Lists of episodes: in which picture which class is asked for."""

import ast
import os
import pickle
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from ..utils.files import atomic_write


def picture_id(path: str) -> str:
    """Return what lists call a picture: its file name without folder and suffix."""
    name = PurePosixPath(str(path).replace('\\', '/')).name
    # Not any suffix: an id may have a dot in it.
    return re.sub(r'(?i)\.(jpe?g|png|bmp|tiff?|webp|mat)$', '', name)


class _PlainUnpickler(pickle.Unpickler):
    """Reads dicts, lists, texts and numbers and runs nothing."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f'it wants to import {module}.{name}')


def _from_dict(content: dict, offset: int) -> list[tuple[str, int]]:
    """Return pairs of {class: pictures}; a picture may come with its mask."""
    if not isinstance(content, dict) or not all(
        isinstance(k, int) and isinstance(pictures, (list, tuple))
        for k, pictures in content.items()
    ):
        raise ValueError('expected was a dict {class: [picture, ...]}.')
    return [
        (picture_id(p if isinstance(p, str) else p[0]), k + offset)
        for k, pictures in content.items()
        for p in pictures
    ]


def _read(path: Path) -> tuple[list[tuple[str, int]], str]:
    """Return pairs and the name of the format."""
    if path.suffix == '.pkl':
        # HSNet's lists of COCO: {0-based class: pictures}.
        with path.open('rb') as file:
            return _from_dict(_PlainUnpickler(file).load(), 1), 'HSNet'
    text = path.read_text(encoding='utf-8-sig')
    if text.lstrip().startswith('{'):
        # BAM's sub_class_file_list: {label: [(picture, mask), ...]}.
        return _from_dict(ast.literal_eval(text), 0), 'BAM'
    pairs, name = [], 'id class'
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = re.fullmatch(r'(\S+?)(__|\s+)(\d+)', line.strip())
        if not match:
            hint = (
                ' It names a picture and a mask but no class: take '
                'sub_class_file_list_*.txt in its place.'
                if re.fullmatch(r'\S+\s+\S+\.png', line.strip())
                else ''
            )
            raise ValueError(
                f'line {number} is {line.strip()[:80]!r}; '
                f'expected "ID CLASS" or "ID__CLASS".{hint}'
            )
        if match[2] == '__':
            name = 'HSNet'
        pairs.append((picture_id(match[1]), int(match[3])))
    return pairs, name


def read_lists(paths: str | Sequence[str]) -> tuple[list[tuple], str]:
    """Read lists of episodes, one's own or others'.

    Known are ``ID CLASS`` a line, as :func:`write_list` writes it; HSNet's
    ``ID__CLASS`` and, for COCO, its pickled dicts, of which nothing but plain
    values is read; BAM's ``sub_class_file_list``. Classes are labels from 1;
    HSNet's dicts count from 0.

    Args:
        paths (str | Sequence[str]): One file, or several to be joined (HSNet
            has one for each fold, and trains on three of them).

    Returns:
        tuple[list[tuple[str, int]], str]: Pairs of picture and label in the
        order of the files, duplicates left out, and the name of the format.

    Raises:
        FileNotFoundError: If a file does not exist.
        IsADirectoryError: If it is a folder.
        ValueError: If a file is empty or none of these, or no file is named.
    """
    pairs, formats = {}, set()
    paths = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    if (
        not isinstance(paths, Sequence)
        or not paths
        or not all(isinstance(path, (str, os.PathLike)) for path in paths)
    ):
        raise ValueError(f'list_file={paths!r}: a path, or a list of some.')
    for path in map(Path, paths):
        if path.is_dir():
            raise IsADirectoryError(
                f'list_file={str(path)!r} is a folder; name the list in it.'
            )
        if not path.is_file():
            raise FileNotFoundError(
                f'The list {path} does not exist. tools/dataset_converters/ '
                'writes such lists.'
            )
        try:
            found, name = _read(path)
        except (
            ValueError,
            SyntaxError,
            TypeError,
            LookupError,
            EOFError,
            AttributeError,
            OverflowError,
            MemoryError,
            pickle.UnpicklingError,
        ) as error:
            raise ValueError(f'{path} is not a list of episodes: {error}') from error
        if not found:
            raise ValueError(f'{path} is empty: no episode in it.')
        pairs.update(dict.fromkeys(found))
        formats.add(name)
    return list(pairs), ' and '.join(sorted(formats))


def write_list(path: str | os.PathLike, pairs: Iterable[tuple[str, int]]) -> None:
    """Write ``ID LABEL`` a line; the file is whole or not there.

    Args:
        path (str): Where to.
        pairs (Iterable[tuple[str, int]]): Pictures and labels.

    Raises:
        ValueError: If there is nothing to write.
    """
    lines = [f'{name} {label}\n' for name, label in pairs]
    if not lines:
        raise ValueError(f'No pair is eligible; {path} was not written.')
    with atomic_write(path) as file:
        file.write(''.join(lines).encode())
