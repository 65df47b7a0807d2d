"""Finding pictures, and names for what is made of them."""

import glob
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

SUFFIXES = ('.bmp', '.gif', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp')


def _pictures(paths: Iterable[Path]) -> list[Path]:
    """Files with a usual suffix that are not results of an earlier call."""
    found = []
    for path in sorted(paths):
        # NAME_mask.png beside NAME.json is what this tool writes.
        made = re.fullmatch(r'(.+)_(overlay|mask)\.png', path.name, re.DOTALL)
        ours = made and path.with_name(f'{made[1]}.json').exists()
        if path.suffix.lower() in SUFFIXES and path.is_file() and not ours:
            found.append(path)
    return found


def find(arguments: Sequence[str]) -> tuple[dict[str, Path], list[str]]:
    """The pictures that arguments mean.

    Args:
        arguments (Sequence[str]): Files, folders with all that is below them,
            patterns (``'*'``, ``'?'``, ``'[ab]'``, ``'**'``), or addresses
            with ``://``, each once however often it is named.

    Returns:
        tuple[dict[str, Path], list[str]]: Of each picture its name without a
        suffix, relative to the folder that was given; and what was not found,
        a line each.
    """
    found, seen, wrong = {}, set(), []

    def take(path: Path, name: Path) -> None:
        # A link is a picture of its own name.
        where = os.path.abspath(path)
        if where not in seen:
            seen.add(where)
            found[str(path)] = name

    for argument in arguments:
        path = Path(argument)
        if '://' in argument:
            found[argument] = Path(Path(argument).stem)
        elif path.is_dir():
            inside = _pictures(
                file
                for file in path.rglob('*')
                if not any(
                    part.startswith('.') for part in file.relative_to(path).parts
                )
            )
            for file in inside:
                take(file, file.relative_to(path).with_suffix(''))
            if not inside:
                wrong.append(
                    f'{argument}: the folder has no pictures ({", ".join(SUFFIXES)}).'
                )
        elif path.exists():
            take(path, Path(path.stem))
        elif glob.has_magic(argument):
            files = _pictures(map(Path, glob.glob(argument, recursive=True)))
            for file in files:
                take(file, Path(file.stem))
            if not files:
                wrong.append(f'{argument}: no picture has such a name.')
        else:
            wrong.append(f'{argument}: does not exist.')
    return _distinct(found), wrong


def _distinct(names: dict[str, Path]) -> dict[str, Path]:
    """Names of which none is another's, also where case does not count.

    Those that clash get their folders below the one that they share, and
    their suffix if that does not do.

    Raises:
        ValueError: If some still clash.
    """
    names = dict(names)
    for clash in _clashes(names):
        # An address is no file, but is named like one.
        files = [Path(os.path.abspath(path.split('://')[-1])) for path in clash]
        top = os.path.commonpath([file.parent for file in files])
        whole = [file.relative_to(top) for file in files]
        short = [name.with_suffix('') for name in whole]
        names.update(zip(clash, whole if _clashes(dict(zip(clash, short))) else short))
    for clash in _clashes(names):
        raise ValueError(
            f'{" and ".join(clash[:2])} would both be written as '
            f'{names[clash[0]]}; segment them in two calls.'
        )
    return names


def _clashes(names: dict[str, Path]) -> list[list[str]]:
    groups = defaultdict(list)
    for path, name in names.items():
        groups[str(name).lower()].append(path)
    return [paths for paths in groups.values() if len(paths) > 1]
