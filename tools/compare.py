"""Is it better than what I have, on my data? One table, one page.

``python tools/compare.py --model NAME CONFIG [CHECKPOINT] --model ...``

Each model is tested by tools/test.py, and measured: what it trains, computes,
how fast it is and what it takes. Results that are there already join by
``--result NAME FILE``. What was not measured alike is refused. What an
earlier call has finished is not run again; to run it again, delete its folder
in ``--out``. With neither it compares what is shipped.
"""

import argparse
import os
import sys
from pathlib import Path

from mmengine.registry import init_default_scope
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mmseg_clsclip.comparison import runs
from mmseg_clsclip.comparison.collect import collect, unseen_in
from mmseg_clsclip.comparison.comparability import (
    ask_for_same_classes,
    check_comparable,
    check_training,
    describe_protocols,
)
from mmseg_clsclip.comparison.compared_models import (
    ComparedModel,
    check_names_and_files,
    read_config,
)
from mmseg_clsclip.comparison.figures import draw_classes, draw_pictures
from mmseg_clsclip.comparison.pictures import most_different
from mmseg_clsclip.comparison.report import write
from mmseg_clsclip.comparison.table import COSTS, name_of, shown, table
from mmseg_clsclip.models.clip.loading import ASSETS

ROOT = Path(__file__).parents[1]
CHECKPOINT = ASSETS / 'clsclip_shapes-5i_fold0.pth'
# What is shipped, on fold 0 of Shapes-5i; the last four train nothing.
SHIPPED = [
    ('ClsCLIP', 'configs/shapes/clsclip_shapes-5i_fold0.py', CHECKPOINT),
    ('ClsCLIP+', 'configs/clsclip_plus/clsclip-plus_shapes-5i_fold0.py', CHECKPOINT),
    *(
        (name, f'configs/baselines/{name.lower()}_shapes-5i_fold0.py')
        for name in ('MaskCLIP', 'SCLIP', 'NACLIP', 'ClearCLIP')
    ),
]


def requested_models(args: argparse.Namespace) -> list[ComparedModel]:
    """The rows that are asked for.

    Raises:
        ValueError: If a model is given by too few or too many words.
    """
    models = []
    for words in args.model or ():
        if len(words) not in (2, 3):
            raise ValueError(
                f'--model {" ".join(words)}: write --model NAME CONFIG '
                'CHECKPOINT, or leave out the CHECKPOINT of a model that '
                'needs none.'
            )
        if words[2:] == ['none']:  # as tools/test.py has it
            words = words[:2]
        models.append(ComparedModel(*words))
    if not (args.model or args.result):
        models = [
            ComparedModel(name, *(os.path.relpath(ROOT / file) for file in files))
            for name, *files in SHIPPED
        ]
    return models + [
        ComparedModel(name, result=Path(file)) for name, file in args.result
    ]


def prepare(models: list[ComparedModel], out: Path) -> list[str]:
    """Refuse what cannot be compared, before anything is run.

    Returns:
        list[str]: What the report must say, a line each.

    Raises:
        ValueError: If names, configs, training or protocols are wrong.
        FileNotFoundError: If a file does not exist.
    """
    check_names_and_files(models)
    for model in models:
        if model.config:
            runs.check_folder(model, out)
            read_config(model)
    more = ask_for_same_classes(models)
    describe_protocols(models)
    for model in models:
        if model.config:
            check_training(model)
        check_comparable(models[0], model)
    lines = [
        f'{e.settings["samples"]} test samples, scored by '
        f'{" and ".join(str(m["type"]) for m in e.settings["metric"])}.'
        for e in models
        if e.config
    ][:1]
    if more:
        lines.append(
            f'{", ".join(more)}: asked for all classes, as the '
            'others are; the config asks for the unseen ones alone.'
        )
    return lines


def draw(
    models: list[ComparedModel], rows: list[dict], out: Path, pictures: int
) -> list[tuple[str, str, str]]:
    """The drawings that can be made: file, title and words of each."""
    drawings = []
    rows = [row for row in rows if not row.get('error')]
    per_class = {name_of(row): row['per_class'] for row in rows if row['per_class']}
    if per_class:
        words = draw_classes(per_class, out / 'classes.png', unseen_in(models))
        drawings.append(('classes.png', 'Classes', words))
    folders = {
        name_of(row): row['predictions']
        for row in rows
        if row.get('predictions') and Path(row['predictions']).is_dir()
    }
    if len(folders) > 1 and pictures > 0:
        dataset = next(e.dataset for e in models if e.config)
        found = most_different(dataset, folders, pictures)
        if found['samples']:
            draw_pictures(found, list(folders), out / 'pictures.png')
            drawings.append(
                (
                    'pictures.png',
                    'Pictures',
                    f'Where models differ most, of {found["compared"]} samples, '
                    f'not a fair draw; differ: {found["measure"]}',
                )
            )
    return drawings


def show(rows: list[dict], console: Console) -> None:
    """As much of the table as fits a terminal."""
    heads, cells = table(rows)
    cost = heads.index(COSTS[0])
    kept = [0, *range(1, cost)][:3] + list(range(cost, cost + 3))
    grid = Table(box=box.SIMPLE, pad_edge=False)
    for k in kept:
        grid.add_column(Text(heads[k]), justify='right' if k else 'left')
    for line in cells:
        if len(line) == len(heads):
            texts = [text for text, _ in shown(line, heads)]
            grid.add_row(*(Text(texts[k]) for k in kept))
    console.print(grid)


def main(argv: list[str] | None = None) -> None:
    """Ask, run, draw and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--model',
        action='append',
        nargs='+',
        metavar='WORD',
        help='NAME CONFIG [CHECKPOINT]; may be given often',
    )
    parser.add_argument(
        '--result',
        action='append',
        nargs=2,
        default=[],
        metavar=('NAME', 'FILE'),
        help='a JSON of tools/test.py',
    )
    parser.add_argument('--out', type=Path, default='work_dirs/compare')
    parser.add_argument('--pictures', type=int, default=6)
    args = parser.parse_args(argv)
    init_default_scope('mmseg')
    console = Console()
    try:
        if args.out.exists() and not args.out.is_dir():
            raise ValueError(f'--out {args.out} is a file; name a folder.')
        models = requested_models(args)
        how = prepare(models, args.out)
    except (ValueError, OSError) as error:
        sys.exit(f'compare.py: {error}')
    rows = collect(models, args.out, console)
    drawings = draw(models, rows, args.out, args.pictures)
    write(args.out, rows, how, drawings, unseen_in(models))
    show(rows, console)
    console.print(
        f'Wrote {args.out / "report.html"}, report.md and report.json beside it.',
        highlight=False,
        markup=False,
    )
    if all(row.get('error') for row in rows):
        sys.exit('compare.py: all of them failed.')


if __name__ == '__main__':
    main()
