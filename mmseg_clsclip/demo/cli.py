"""Segment pictures by names.

clsclip PICTURE... --classes "red mug" "laptop keyboard,notebook"
"""
import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import DictAction
from rich.console import Console
from rich.progress import Progress

from ..files import some
from . import outputs
from .find import find
from .predictor import DRAWN_WORLD, Predictor


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='clsclip', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('pictures', nargs='+', metavar='PICTURE',
        help='files, folders, patterns')
    add('--classes', nargs='+', metavar='NAME',
        help="synonyms after commas; default: the config's vocabulary")
    add('--out-dir', type=Path, required=True, metavar='DIR')
    add('--config', help='default: the shipped Shapes-5i model')
    add('--checkpoint', help='of the config')
    add('--clip', metavar='FILE_OR_TAG',
        help="CLIP's weights, a file or a tag of open_clip; without --config "
        'the training-free dense CLIP is asked')
    add('--background', action=argparse.BooleanOptionalAction,
        help='whether a pixel may be of no class; default: what the config '
        'says')
    add('--threshold', type=float, default=0.5, metavar='P',
        help='probability that a class must beat to beat the background '
        '(default: 0.5)')
    add('--zoom-in', action='store_true',
        help='look again where something was seen (ClsCLIP+)')
    add('--device', help='default: the first accelerator, else cpu')
    add('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE')
    add('--overwrite', action='store_true')
    args = parser.parse_args(argv)
    if not 0 < args.threshold < 1:
        parser.error(f'--threshold {args.threshold}: between 0 and 1')
    return args


def _prepare(args: argparse.Namespace) -> tuple[dict[str, Path], list[str]]:
    """The pictures, each with the path of its results, and what is wrong.

    Raises:
        ValueError: If a result would take the place of a file.
        OSError: If nothing can be written where the results go.
    """
    pictures, wrong = find(args.pictures)
    stems = {path: args.out_dir / name for path, name in pictures.items()}
    files = [file for stem in stems.values() for file in outputs.paths(stem)]
    sources = {Path(path).resolve() for path in pictures}
    lost = [file for file in files if file.resolve() in sources]
    if lost:
        raise ValueError(f'{some(lost)}: a result would take the place of a '
                         'picture. Write another --out-dir.')
    # Of a name that is too long, False: the picture itself will say so.
    there = [file for file in files if os.path.exists(file)]
    if there and not args.overwrite:
        raise ValueError(f'{len(there)} results exist: {some(there)}. Write '
                         '--overwrite, or another --out-dir.')
    if pictures:
        args.out_dir.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=args.out_dir).close()
    return stems, wrong


def _predictor(args: argparse.Namespace) -> Predictor:
    classes = args.classes and [
        [name.strip() for name in words.split(',')] for words in args.classes]
    return Predictor(args.config, args.checkpoint, args.clip, classes,
                     args.background, args.zoom_in, args.device,
                     args.cfg_options)


def _line(text: object) -> str:
    """For the eye, in one line."""
    return ' '.join(str(text).split())


def main(argv: Sequence[str] | None = None) -> None:
    """Find, segment and write; exit status 1 if a picture failed."""
    args = _arguments(argv)
    # mmseg's, about its own code.
    warnings.filterwarnings('ignore', '``build_loss`` would be deprecated')
    console = Console(stderr=True, soft_wrap=True, markup=False,
                      highlight=False)

    def say(text: object, style: str | None = None) -> None:
        console.print(f'clsclip: {_line(text)}', style=style)

    try:
        stems, wrong = _prepare(args)
        predictor = _predictor(args) if stems else None
    except (AssertionError, AttributeError, ImportError, KeyError, OSError,
            RuntimeError, SyntaxError, TypeError, ValueError) as error:
        sys.exit(f'clsclip: {_line(error)}')
    for text in wrong:
        say(text)
    if not stems:
        sys.exit('clsclip: no picture was found, so nothing is written.')
    if predictor.shipped:
        say(f'No --config. {DRAWN_WORLD} See docs/demo.md.')
    if predictor.random_weights:
        say(outputs.RANDOM, 'bold red')
    done = 0
    with Progress(console=console) as progress:
        for path in progress.track(stems, description='Segmenting'):
            try:
                prediction = predictor(path)
                outputs.save(prediction, stems[path], path, args.threshold)
            except Exception as error:  # the other pictures come next
                reason = str(error) or type(error).__name__
                if not isinstance(error, (OSError, ValueError)):
                    reason = f'cannot be segmented ({reason})'
                say(reason if reason.startswith(path) else f'{path}: {reason}')
                continue
            done += 1
            for note in prediction.notes:
                say(f'{path}: {note}')
    print(f'{done} of {len(stems)} pictures segmented; overlays, masks and '
          f'JSON are in {args.out_dir}.')
    if predictor.random_weights:
        say(outputs.RANDOM, 'bold red')
    if wrong or done < len(stems):
        sys.exit(1)
