"""Segment pictures by names.

clsclip shapes-5i://test/0/000004.bmp --out-dir out \\
    --classes "yellow circle" "red square,square in red"
"""

import argparse
import os
import runpy
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from .config_options import add_config_options, add_model_options
from .errors import REQUEST_ERRORS, describe_setup_error, join_lines
from .foreign_warnings import ignore_foreign_warnings
from .model_files import check_model_files, folder
from .results import check_labels, plan_results, print_done, writable_folder

PICTURES_FIRST = (
    'pictures come before --classes, which takes what follows it for '
    'names: clsclip PICTURE... --classes NAME... --out-dir DIR'
)


def names_image(argument: str) -> bool:
    """Return whether an argument is of a picture rather than of a class.

    A class may well be called like a file without a suffix.
    """
    path = Path(argument)
    return '://' in argument or (
        os.path.exists(argument) and bool(path.suffix or os.sep in argument)
    )


def _read_version() -> str:
    """Return the version of the package, which is not imported for it."""
    file = Path(__file__).parents[1] / 'mmseg_clsclip/version.py'
    return runpy.run_path(str(file))['__version__']


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if 'PICTURE' in message and PICTURES_FIRST not in message:
            message = f'{message} ({PICTURES_FIRST})'
        super().error(message)


def _parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog='clsclip',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('pictures', nargs='+', metavar='PICTURE', help='files, folders, patterns')
    add(
        '--classes',
        nargs='+',
        metavar='NAME',
        help="synonyms after commas; a comma of a name is '\\,'; default: the "
        "config's vocabulary",
    )
    add('--out-dir', type=folder, required=True, metavar='DIR')
    add_model_options(parser)
    add(
        '--background',
        action=argparse.BooleanOptionalAction,
        help='whether a pixel may be of no class; default: what the config says',
    )
    add(
        '--threshold',
        type=float,
        default=0.5,
        metavar='P',
        help='probability that a class must beat to beat the background (default: 0.5)',
    )
    add(
        '--zoom-in',
        action='store_true',
        help='look again where something was seen (ClsCLIP+)',
    )
    add(
        '--all-names',
        action='store_true',
        help='ask for every name, likely or not; changes nothing if the config '
        'has no presence',
    )
    add('--device', help='default: the first accelerator, else cpu')
    add_config_options(parser)
    add('--overwrite', action='store_true')
    add('--version', action='version', version=f'mmseg_clsclip {_read_version()}')
    args = parser.parse_args(argv)
    if not 0 < args.threshold < 1:
        parser.error(f'--threshold {args.threshold}: between 0 and 1')
    for name in filter(names_image, args.classes or ()):
        parser.error(f'--classes {name}: is a picture or a folder ({PICTURES_FIRST})')
    return args


def _say(lines: Iterable[object]) -> None:
    for text in lines:
        print(f'clsclip: {join_lines(text)}', file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> None:
    """Segment pictures; exit status 2 if the arguments are wrong, 1 if one failed."""
    args = _parse_arguments(argv)
    with ExitStack() as stack:
        try:
            stems, problems = plan_results(args.pictures, args.out_dir, args.overwrite)
            check_labels(len(args.classes or ()) + bool(args.background))
            if stems:
                check_model_files(args.config, args.checkpoint, args.clip)
                stack.enter_context(writable_folder(args.out_dir))
        except REQUEST_ERRORS as error:
            sys.exit(f'clsclip: {describe_setup_error(error)}')
        _say(problems)
        if not stems:
            sys.exit('clsclip: no picture was found, so nothing is written.')
        # Pillow is needed by now, and nothing that takes seconds.
        from .images import list_if_all_fail

        reasons = list_if_all_fail(stems)
        if reasons:
            _say(reasons)
            print_done(0, len(stems), args.out_dir)
            sys.exit(1)
        ignore_foreign_warnings()
        from mmseg_clsclip.apis.cli import run

        if not run(args, stems) or problems:
            sys.exit(1)


if __name__ == '__main__':
    main()
