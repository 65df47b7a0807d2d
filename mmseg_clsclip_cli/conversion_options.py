"""The options of the dataset converters, and how their errors are told."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .number_types import count

# Of EpisodeDataset, which takes seconds to import.
NOVEL_HANDLING = ('drop_image', 'background', 'ignore')


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``."""
    parser.add_argument('--workers', type=count, default=os.cpu_count() or 1)


def add_lists(commands: argparse._SubParsersAction) -> None:
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
        '--min-area', type=count, default=2048, help='pixels of the mask'
    )
    parser.add_argument('--out', type=Path, required=True)
    add_workers(parser)


@contextmanager
def exit_on_errors() -> Iterator[None]:
    """Exit with one line on what the user can mend.

    Raises:
        SystemExit: If a package is missing, or a file or what is in it is invalid.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        name = str(error.name).split('.')[0]
        sys.exit(f'{name} is missing: pip install {name}')
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')
