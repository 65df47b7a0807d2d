"""Finding pictures, and names for what is made of them."""

import glob
import itertools
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

SUFFIXES = ('.bmp', '.gif', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp')


class FoundImages(NamedTuple):
    """Pictures, and what was looked for in vain.

    Attributes:
        names (dict[str, Path]): Of each picture's path its name without a
            suffix, relative to the folder that was given.
        problems (list[str]): What was not found, a line each.
    """

    names: dict[str, Path]
    problems: list[str]


def _list_images(paths: Iterable[Path]) -> list[Path]:
    """List files with a usual suffix that are not results of an earlier call."""
    images = []
    for path in sorted(paths):
        # NAME_mask.png beside NAME.json is what this tool writes.
        result = re.fullmatch(r'(.+)_(overlay|mask)\.png', path.name, re.DOTALL)
        ours = result and path.with_name(f'{result[1]}.json').exists()
        if path.suffix.lower() in SUFFIXES and os.path.isfile(path) and not ours:
            images.append(path)
    return images


def find_images(arguments: Sequence[str]) -> FoundImages:
    """Find the pictures that arguments mean.

    Args:
        arguments (Sequence[str]): Files, folders with all that is below them,
            patterns (``'*'``, ``'?'``, ``'[ab]'``, ``'**'``), or addresses
            with ``://``, each once however often it is named.

    Returns:
        FoundImages: With names of which none is another's.
    """
    names, absolute_paths, problems = {}, set(), []

    def add(path: Path, name: Path) -> None:
        # A link is a picture of its own name.
        absolute = os.path.abspath(path)
        if absolute not in absolute_paths:
            absolute_paths.add(absolute)
            names[str(path)] = name

    for argument in arguments:
        if not argument:  # as of a variable of the shell that is not set
            problems.append('An empty PICTURE names none.')
            continue
        path = Path(argument)
        if '://' in argument:
            names[argument] = Path(Path(argument).stem)
        elif os.path.isdir(path):
            before = len(problems)
            inside = _list_images(_walk(path, problems))
            for file in inside:
                add(file, file.relative_to(path).with_suffix(''))
            if not inside and len(problems) == before:
                problems.append(
                    f'{argument}: the folder has no pictures ({", ".join(SUFFIXES)}).'
                )
        elif os.path.exists(path):
            add(path, _name_of(path))
        elif glob.has_magic(argument):
            files = _list_images(map(Path, glob.glob(argument, recursive=True)))
            for file in files:
                add(file, _name_of(file))
            if not files:
                problems.append(f'{argument}: no picture has such a name.')
        else:
            problems.append(f'{argument}: does not exist.')
    return FoundImages(_make_distinct(names), problems)


def _name_of(file: Path) -> Path:
    """Return what a file is called, without a suffix; of '..jpg' all of it."""
    return Path(file.stem if file.stem.strip('.') else file.name)


def _walk(folder: Path, problems: list[str]) -> Iterator[Path]:
    """Yield the files below a folder and what it links to, but for hidden ones.

    What is there by several names is yielded once, if need be by its real one.
    Folders that cannot be read are added to ``problems``.
    """
    seen, tops = set(), [folder]

    def walk(top: Path) -> Iterator[tuple[str, list[str], list[str]]]:
        def tell(error: OSError) -> None:
            problems.append(f'{error.filename}: {error.strerror}.')

        return os.walk(top, onerror=tell)

    while tops:
        links = []
        for parent, folders, files in itertools.chain.from_iterable(map(walk, tops)):
            real = os.path.realpath(parent)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            folders[:] = [name for name in folders if not name.startswith('.')]
            paths = [Path(parent, name) for name in sorted(folders)]
            links += [path for path in paths if path.is_symlink()]
            yield from (Path(parent, f) for f in files if not f.startswith('.'))
        tops = links


def _make_distinct(names: dict[str, Path]) -> dict[str, Path]:
    """Return names of which none is another's, also where case does not count.

    Those that clash get their folders below the one that they share, and
    their suffix if that does not do.

    Raises:
        ValueError: If some still clash.
    """
    names = dict(names)
    for clash in _find_clashes(names):
        # An address is no file, but is named like one.
        files = [Path(os.path.abspath(path.split('://')[-1])) for path in clash]
        top = os.path.commonpath([file.parent for file in files])
        whole = [file.relative_to(top) for file in files]
        short = [name.with_suffix('') for name in whole]
        clashing = _find_clashes(dict(zip(clash, short)))
        names.update(zip(clash, whole if clashing else short))
    for clash in _find_clashes(names):
        raise ValueError(
            f'{" and ".join(clash[:2])} would both be written as '
            f'{names[clash[0]]}; segment them in two calls.'
        )
    return names


def _find_clashes(names: dict[str, Path]) -> list[list[str]]:
    groups = defaultdict(list)
    for path, name in names.items():
        groups[str(name).lower()].append(path)
    return [paths for paths in groups.values() if len(paths) > 1]
