"""Segment pictures by names.

clsclip shapes-5i://test/0/000004.bmp --out-dir out \\
    --classes "yellow circle" "red square,square in red"
"""

import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.progress import Progress

from ..utils.config_options import add_config_options
from ..utils.messages import first_few
from ..utils.partial_files import new_folder
from ..version import __version__
from . import outputs
from .class_names import split_synonyms
from .errors import describe_picture_error, describe_setup_error, join_lines
from .find_images import find_images, names_image
from .predictor import DRAWN_WORLD, Predictor

PICTURES_FIRST = (
    'pictures come before --classes, which takes what follows it for '
    'names: clsclip PICTURE... --classes NAME... --out-dir DIR'
)


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
    add('--out-dir', type=Path, required=True, metavar='DIR')
    add('--config', help='default: the shipped Shapes-5i model')
    add('--checkpoint', help='of the config')
    add(
        '--clip',
        metavar='FILE_OR_TAG',
        help="CLIP's weights, a file or a tag of open_clip; without --config "
        'the training-free dense CLIP is asked',
    )
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
    add('--version', action='version', version=f'mmseg_clsclip {__version__}')
    args = parser.parse_args(argv)
    if not 0 < args.threshold < 1:
        parser.error(f'--threshold {args.threshold}: between 0 and 1')
    for name in filter(names_image, args.classes or ()):
        parser.error(f'--classes {name}: is a picture or a folder ({PICTURES_FIRST})')
    return args


def _prepare(args: argparse.Namespace) -> tuple[dict[str, Path], list[str]]:
    """Return the pictures, each with its results' path, and what was not found.

    Raises:
        ValueError: If a result would take the place of a file.
    """
    names, problems = find_images(args.pictures)
    stems = {path: args.out_dir / name for path, name in names.items()}
    files = [file for stem in stems.values() for file in outputs.list_paths(stem)]
    sources = {Path(path).resolve() for path in names}
    overwritten = [file for file in files if file.resolve() in sources]
    if overwritten:
        raise ValueError(
            f'{first_few(overwritten)}: a result would take the place of a '
            'picture. Write another --out-dir.'
        )
    # Of a name that is too long, False: the picture itself will say so.
    existing = [file for file in files if os.path.exists(file)]
    if existing and not args.overwrite:
        raise ValueError(
            f'{len(existing)} results exist: {first_few(existing)}. Write '
            '--overwrite, or another --out-dir.'
        )
    return stems, problems


def _build_predictor(args: argparse.Namespace) -> Predictor:
    classes = args.classes and [split_synonyms(words) for words in args.classes]
    outputs.check_labels(len(classes or ()) + bool(args.background))
    predictor = Predictor(
        args.config,
        args.checkpoint,
        args.clip,
        classes=classes,
        background=args.background,
        zoom_in=args.zoom_in,
        all_names=args.all_names,
        device=args.device,
        cfg_options=args.cfg_options,
    )
    outputs.check_labels(predictor.labels)
    return predictor


def _print_line(text: str) -> None:
    """Print a text in a line, whatever stdout can encode."""
    encoding = sys.stdout.encoding or 'utf-8'
    print(join_lines(text).encode(encoding, 'backslashreplace').decode(encoding))


def main(argv: Sequence[str] | None = None) -> None:
    """Find, segment and write; exit status 1 if a picture failed."""
    with ExitStack() as stack:
        _run(_parse_arguments(argv), stack)


def _run(args: argparse.Namespace, stack: ExitStack) -> None:
    # mmseg's, about its own code.
    warnings.filterwarnings('ignore', '``build_loss`` would be deprecated')
    console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)

    def say(text: object, style: str | None = None) -> None:
        console.print(f'clsclip: {join_lines(text)}', style=style)

    try:
        stems, problems = _prepare(args)
        if stems:
            # What takes nothing is refused before a model is loaded.
            stack.enter_context(new_folder(args.out_dir))
            tempfile.TemporaryFile(dir=args.out_dir).close()
            predictor = _build_predictor(args)
    except Exception as error:  # whatever a config and its model can raise
        sys.exit(f'clsclip: {describe_setup_error(error)}')
    for text in problems:
        say(text)
    if not stems:
        sys.exit('clsclip: no picture was found, so nothing is written.')
    if predictor.shipped:
        say(f'No --config. {DRAWN_WORLD} See docs/demo.md.')
    if predictor.random_weights:
        say(outputs.RANDOM_WARNING, 'bold red')
    done, lines = 0, []
    with Progress(console=console) as progress:
        for path in progress.track(stems, description='Segmenting'):
            try:
                prediction = predictor(path)
                summary = outputs.save_results(
                    prediction, stems[path], path, args.threshold
                )
            except Exception as error:  # the other pictures come next
                reason = describe_picture_error(error)
                say(reason if reason.startswith(path) else f'{path}: {reason}')
                continue
            done += 1
            for note in prediction.notes:
                say(f'{path}: {note}')
            lines += [
                f'{path}: {line}'
                for line in outputs.describe_classes(
                    summary['found'], summary['not_found']
                )
            ]
    # Not before: they would go through the bar. Scores never without the warning.
    for line in [outputs.RANDOM_WARNING] * predictor.random_weights + lines:
        _print_line(line)
    print(
        f'{done} of {len(stems)} pictures segmented; overlays, masks and '
        f'JSON are in {args.out_dir}.'
    )
    if predictor.random_weights:
        say(outputs.RANDOM_WARNING, 'bold red')
    if problems or done < len(stems):
        sys.exit(1)


if __name__ == '__main__':
    main()
