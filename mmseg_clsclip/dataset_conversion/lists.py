"""What the converters share: many files on several processes, and lists."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from mmseg_clsclip_cli.number_types import count, count_or_zero

from ..datasets.episode_dataset import NOVEL_HANDLING
from ..datasets.episode_lists import picture_id, write_list
from ..datasets.masks import check_mask, eligible_labels
from ..utils.files import require_files
from ..utils.images import open_image


def run(parser: argparse.ArgumentParser) -> None:
    """Run the subcommand asked for; what the user can mend is one line."""
    args = parser.parse_args()
    try:
        args.run(args)
    except ModuleNotFoundError as error:
        name = str(error.name).split('.')[0]
        sys.exit(f'{name} is missing: pip install {name}')
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')


def track_map(function: Callable, items: Sequence, what: str, workers: int) -> Iterator:
    """``map`` on several processes, in order, with a progress bar."""
    from rich.console import Console
    from rich.progress import track

    bar = partial(
        track, description=what, total=len(items), console=Console(stderr=True)
    )
    if workers == 1:
        yield from bar(map(function, items))
        return
    with ProcessPoolExecutor(workers) as pool:
        try:
            yield from bar(pool.map(function, items, chunksize=16))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``."""
    parser.add_argument('--workers', type=count, default=os.cpu_count() or 1)


def read_ids(path: Path) -> list[str]:
    """Ids of a file, one a line; folders, suffixes and more columns go.

    Raises:
        ValueError: If there is none.
    """
    lines = path.read_text(encoding='utf-8-sig').splitlines()
    ids = dict.fromkeys(picture_id(line.split()[0]) for line in lines if line.strip())
    if not ids:
        raise ValueError(f'{path} is empty: no id in it.')
    return list(ids)


def _areas(path: Path, num_classes: int) -> np.ndarray:
    try:
        with open_image(path) as image:
            labels = np.asarray(image)
    except OSError as error:
        raise OSError(f'{path} cannot be read: {error}') from error
    return check_mask(labels, str(path), num_classes)


def make_list(
    args: argparse.Namespace, novel: Callable[[int], list[int]], num_classes: int
) -> None:
    """Write the eligible pairs of a fold and print how many there are.

    Args:
        args (argparse.Namespace): Of :func:`add_lists`.
        novel (Callable): Labels that a fold holds out.
        num_classes (int): With the background.
    """
    held_out = novel(args.fold)
    asked, dropped = held_out, []
    if args.split == 'train':
        asked = [k for k in range(1, num_classes) if k not in held_out]
        if args.novel_handling == 'drop_image':
            dropped = held_out
    ids = (
        read_ids(args.ids)
        if args.ids
        else sorted(path.stem for path in args.masks.glob('*.png'))
    )
    if not ids:
        raise FileNotFoundError(f'There is no *.png in {args.masks}.')
    paths = [args.masks / f'{name}.png' for name in ids]
    require_files(paths, 'masks')
    areas = track_map(
        partial(_areas, num_classes=num_classes), paths, 'masks', args.workers
    )
    pairs = [
        (name, label)
        for counted, name in zip(areas, ids)
        for label in eligible_labels(counted, asked, dropped, args.min_area)
    ]
    write_list(args.out, pairs)
    print(f'images {len({name for name, _ in pairs})}, pairs {len(pairs)}')


def add_lists(commands, novel: Callable[[int], list[int]], num_classes: int) -> None:
    """Add the subcommand ``lists``."""
    parser = commands.add_parser(
        'lists', help='the eligible pairs of a fold, "ID CLASS" a line'
    )
    parser.add_argument('--masks', type=Path, required=True)
    parser.add_argument(
        '--ids',
        type=Path,
        help='a file with an id a line; all masks if not '
        'given (VOC has those of both splits in one folder)',
    )
    parser.add_argument('--fold', type=int, choices=range(4), required=True)
    parser.add_argument('--split', choices=['train', 'val'], required=True)
    parser.add_argument(
        '--novel-handling',
        choices=NOVEL_HANDLING,
        default='drop_image',
        help='of the training; drop_image leaves out pictures with a novel class',
    )
    parser.add_argument(
        '--min-area', type=count_or_zero, default=2048, help='pixels of the mask'
    )
    parser.add_argument('--out', type=Path, required=True)
    add_workers(parser)
    parser.set_defaults(run=partial(make_list, novel=novel, num_classes=num_classes))
