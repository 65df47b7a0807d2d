"""The command ``clsclip``, once its arguments are read."""

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from ..utils.messages import first_few
from ..utils.partial_files import new_folder
from . import outputs
from .class_names import split_synonyms
from .errors import describe_picture_error, describe_setup_error, join_lines
from .find_images import find_images
from .predictor import DRAWN_WORLD, Predictor
from .provenance import is_drawn


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


def run(args: argparse.Namespace) -> None:
    """Find, segment and write; exit status 1 if a picture failed.

    Args:
        args (argparse.Namespace): Of :func:`mmseg_clsclip_cli.command.main`.
    """
    with ExitStack() as stack:
        _run(args, stack)


def _run(args: argparse.Namespace, stack: ExitStack) -> None:
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
    if predictor.shipped and not all(map(is_drawn, stems)):
        say(f'No --config. {DRAWN_WORLD} See docs/demo.md.')
    if predictor.random_weights:
        say(outputs.RANDOM_WARNING, 'bold red')
    done, lines = 0, []
    warned = dict.fromkeys([outputs.RANDOM_WARNING] * predictor.random_weights)
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
            warned.update(dict.fromkeys(outputs.list_warnings(prediction)))
            for note in prediction.notes:
                say(f'{path}: {note}')
            lines += [
                f'{path}: {line}'
                for line in outputs.describe_classes(
                    summary['found'], summary['not_found']
                )
            ]
    # Not before: they would go through the bar. Scores never without the warnings.
    for line in [*warned, *lines]:
        _print_line(line)
    where = f'overlays, masks and JSON are in {args.out_dir}'
    print(
        f'{done} of {len(stems)} pictures segmented; '
        f'{where if done else "nothing is written"}.'
    )
    if predictor.random_weights:
        say(outputs.RANDOM_WARNING, 'bold red')
    if problems or done < len(stems):
        sys.exit(1)
