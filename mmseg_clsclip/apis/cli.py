"""The command ``clsclip``, once its arguments are read."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from mmseg_clsclip_cli.errors import describe_failure, describe_setup_error, join_lines
from mmseg_clsclip_cli.results import check_labels, print_done, print_text

from . import outputs
from .class_names import split_synonyms
from .predictor import DRAWN_WORLD, Predictor
from .provenance import is_drawn

INTERRUPTED = 130  # the exit status of what Ctrl-C has stopped


def _build_predictor(args: argparse.Namespace) -> Predictor:
    classes = args.classes and [split_synonyms(words) for words in args.classes]
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
    check_labels(predictor.labels)
    return predictor


def run(args: argparse.Namespace, stems: dict[str, Path]) -> bool:
    """Segment and write; return whether every picture has its results.

    Args:
        args (argparse.Namespace): Of :func:`mmseg_clsclip_cli.command.main`.
        stems (dict[str, Path]): Of each picture where its results go.

    Raises:
        SystemExit: If there is no model, with the reason, or it is stopped.
    """
    console = Console(
        stderr=True, soft_wrap=True, markup=False, highlight=False, emoji=False
    )

    def say(text: object, style: str | None = None) -> None:
        console.print(f'clsclip: {join_lines(text)}', style=style)

    try:
        predictor = _build_predictor(args)
    except Exception as error:  # whatever a config and its model can raise
        sys.exit(f'clsclip: {describe_setup_error(error)}')
    if predictor.shipped and not all(map(is_drawn, stems)):
        say(f'No --config. {DRAWN_WORLD} See docs/demo.md.')
    if predictor.random_weights:
        say(outputs.RANDOM_WARNING, 'bold red')
    done, lines = 0, []
    warned = dict.fromkeys([outputs.RANDOM_WARNING] * predictor.random_weights)
    stopped = True
    with Progress(console=console) as progress, suppress(KeyboardInterrupt):
        for path in progress.track(stems, description='Segmenting'):
            try:
                prediction = predictor(path)
                summary = outputs.save_results(
                    prediction, stems[path], path, args.threshold
                )
            except Exception as error:  # the other pictures come next
                say(describe_failure(path, error))
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
        stopped = False
    # Not before: they would go through the bar. Scores never without the warnings.
    for line in [*warned, *lines]:
        print_text(join_lines(line))
    print_done(done, len(stems), args.out_dir)
    if predictor.random_weights:
        say(outputs.RANDOM_WARNING, 'bold red')
    if stopped:
        stays = ' What is done stays; move it, or write another --out-dir.'
        say(f'Stopped.{stays if done else ""}')
        sys.exit(INTERRUPTED)
    return done == len(stems)
