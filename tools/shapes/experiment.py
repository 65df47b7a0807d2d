"""Train and test every row of docs/results.md, some runs at once.

A run is one row, fold and seed: ``tools/train.py`` for as many iterations as
all others, then ``tools/test.py``. Its figures are appended to a file of JSON
lines as soon as it ends, and what stands there is not run again unless its
config has changed: stop and start as you like. At the end, or with
``--table``, the tables are written into the page, between its markers.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from itertools import product
from pathlib import Path
from statistics import mean, stdev

from evaluate import PLUS, SOURCES, run_test, run_tool
from mmengine.config import Config
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from train_heads import FOLDS, ROOT

from mmseg_clsclip.evaluation.results import check_figure
from mmseg_clsclip.utils.files import atomic_write

BASELINES = {
    'ClsCLIP': 'shapes/clsclip',
    'text ignored': 'ablations/clsclip_no-navigation',
    'LSeg-style': 'baselines/lseg',
    'CLIPSeg-style (FiLM)': 'baselines/film',
}
ABLATIONS = {
    f'ClsCLIP, {name}': f'ablations/clsclip_{stem}'
    for name, stem in {
        'block 0': 'blocks-0',
        'block 2': 'blocks-2',
        'blocks 5-7, the last three': 'blocks-5-7',
        'all blocks': 'blocks-all',
        'one shared projection': 'shared',
        'text as channel weights': 'channel',
        'text as spatial weights': 'spatial',
        'visual prompts': 'vpt',
        'visual prompts, no navigation': 'vpt-no-navigation',
        'decoder depth 1': 'depth-1',
        'decoder depth 4': 'depth-4',
        'four templates': 'templates',
        'normalised text': 'normalized',
        'projections start from the pseudo-inverse': 'pseudo-inverse',
        'and FiLM in its decoder': 'film',
        'half the learning rate': 'half-lr',
        'twice the learning rate': 'twice-lr',
    }.items()
} | {'text as a token of the decoder': 'ablations/clsclip_token'}
DENSE = {
    f'{name}, training-free': f'baselines/{name.lower()}'
    for name in ('MaskCLIP', 'SCLIP', 'NACLIP', 'ClearCLIP')
}
CONFIGS = {**BASELINES, **ABLATIONS, **DENSE}
# In the order of the tables' columns.
FIGURES = ('miou_unseen', 'miou_seen', 'miou_unseen_small', 'fb_iou')
# Of a config, what changes no figure: its drawings, --tta's flips, and hooks
# that log, save and warn; those that train are custom_hooks.
ASIDE = ('visualizer', 'vis_backends', 'tta_model', 'tta_pipeline', 'default_hooks')


def config_of(row: str) -> Path:
    """The config of a row, for fold 0."""
    return ROOT / f'configs/{CONFIGS[row]}_shapes-5i_fold0.py'


@cache
def fingerprint(*paths: Path) -> str:
    """Of what configs say after inheritance, wherever they lie."""
    told = [Config.fromfile(path).to_dict() for path in paths]
    for config in told:
        for key in ASIDE:
            config.pop(key, None)
    text = json.dumps(told, sort_keys=True, default=str)
    text = text.replace(str(ROOT), '')
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def tests_of(row: str) -> dict[str, Path]:
    """Configs that a run is tested with, by the row they make."""
    tests = {row: config_of(row)}
    if row == 'ClsCLIP':
        for source, suffix in SOURCES.items():
            name = f'ClsCLIP+, boxes: {source.replace("_", " ")}'
            tests[name] = ROOT / PLUS.format(suffix)
    return tests


def run(row: str, fold: int, seed: int, iterations: int, out: Path) -> list:
    """Train and test once; a line of figures for every test.

    Raises:
        RuntimeError: If a tool fails, with the end of what it printed.
    """
    config, began = config_of(row), time.time()
    checkpoint, trained = 'none', 0.0
    work_dir = out / f'{config.stem[:-1]}{fold}_seed{seed}'
    if row not in DENSE:
        run_tool(
            'train.py',
            config,
            '--work-dir',
            work_dir,
            threads=1,
            options=[
                f'randomness.seed={seed}',
                f'train_cfg.max_iters={iterations}',
                f'train_dataloader.dataset.dataset.fold={fold}',
            ],
        )
        checkpoint = (work_dir / 'last_checkpoint').read_text()
        trained = time.time() - began
    lines = []
    for name, path in tests_of(row).items():
        metrics = run_test(
            str(path),
            checkpoint,
            work_dir / path.stem,
            1,
            [f'test_dataloader.dataset.dataset.fold={fold}'],
        )
        lines.append(
            dict(
                row=name,
                fold=fold,
                seed=seed,
                iterations=0 if row in DENSE else iterations,
                config=fingerprint(config, path),
                **{key: round(metrics[key], 2) for key in FIGURES if key in metrics},
                train_seconds=round(trained),
            )
        )
    shutil.rmtree(work_dir)  # its figures stay
    return lines


def parsed(text: bytes, place: str) -> dict:
    """A line of figures.

    Args:
        text (bytes): Of the line.
        place (str): The file and the number of the line.

    Raises:
        ValueError: If it is none, with what is wrong.
    """
    try:
        line = json.loads(text)
        known = {
            key: line[key] for key in ('row', 'fold', 'seed', 'iterations', 'config')
        }
    except (RecursionError, ValueError) as error:
        raise ValueError(
            f'{place} is no whole line of JSON ({error}). Delete '
            'it; its run will be made again.'
        ) from error
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{place} is no line of figures: it has no {error}. '
            'Delete it; its run will be made again.'
        ) from error
    if not all(isinstance(value, (int, str)) for value in known.values()):
        raise ValueError(f'{place} is of {known}, which is no run. Delete it.')
    for key in FIGURES:
        if key in line:
            check_figure(key, line[key], place)
    return line


def read(path: Path, iterations: int) -> list[dict]:
    """The lines that still hold: of this length and of today's configs."""
    text = path.read_bytes() if path.exists() else b''
    try:
        lines = [
            parsed(line, f'{path}:{number}')
            for number, line in enumerate(text.splitlines(), 1)
        ]
    except ValueError as error:
        sys.exit(str(error))
    current = {
        name: fingerprint(config_of(row), config)
        for row in CONFIGS
        for name, config in tests_of(row).items()
    }
    kept = [
        line
        for line in lines
        if line['config'] == current.get(line['row'])
        and line['iterations'] in (iterations, 0)
    ]
    for line in kept:
        if 'miou_unseen' not in line:
            sys.exit(
                f'{path}: a line of {line["row"]}, fold {line["fold"]}, '
                f'seed {line["seed"]} has no miou_unseen. Delete it; its '
                'run will be made again.'
            )
    return kept


def append(path: Path, lines: list[dict]) -> None:
    """Add lines of figures to a file, at once.

    Where an earlier run was killed before its last line was whole, that stays
    a line of its own, which :func:`read` names.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ''.join(json.dumps(line) + '\n' for line in lines)
    with path.open('ab+') as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        half = file.read() not in (b'', b'\n')
        file.write(('\n' * half + text).encode())


def summary(lines: list[dict], row: str, folds: Sequence[int]) -> list[str]:
    """A row of the table.

    Returns:
        list[str]: Its name; unseen classes' mean over seeds in each fold; of
        each figure the mean over folds, and its mean and spread over seeds;
        in how many runs it beats ClsCLIP's of the same fold and seed; whole
        seeds.
    """
    by, reference = (
        {
            (line['fold'], line['seed']): line
            for line in lines
            if line['row'] == name and line['fold'] in folds
        }
        for name in (row, 'ClsCLIP')
    )
    seeds = sorted({seed for _, seed in by})
    whole = [s for s in seeds if all((f, s) in by for f in folds)]
    cells = [row]
    for f in folds:
        values = [by[f, s]['miou_unseen'] for s in seeds if (f, s) in by]
        cells.append(f'{mean(values):.1f}' if values else '')
    for figure in FIGURES:
        values = [
            mean(by[f, s][figure] for f in folds)
            for s in whole
            if all(figure in by[f, s] for f in folds)
        ]
        spread = f' ± {stdev(values):.1f}' if len(values) > 1 else ''
        cells.append(f'{mean(values):.1f}{spread}' if values else '')
    pairs = [] if row == 'ClsCLIP' else [key for key in by if key in reference]
    ahead = sum(by[key]['miou_unseen'] > reference[key]['miou_unseen'] for key in pairs)
    return [*cells, f'{ahead} of {len(pairs)}' if pairs else '', str(len(whole))]


def tables(
    lines: list[dict], folds: Sequence[int], ablation_folds: Sequence[int]
) -> str:
    """Markdown of all rows that have a run; a table's means are alike."""
    text = ''
    made = {line['row'] for line in lines}
    for title, rows, of in (
        ('Baselines', [*BASELINES, *DENSE], folds),
        ('Zoom-in', tests_of('ClsCLIP'), folds),
        ('Ablations', [*BASELINES, *ABLATIONS], ablation_folds),
    ):
        body = [summary(lines, row, of) for row in rows if row in made]
        if not body:
            continue
        head = [
            '',
            *(f'fold {f}' for f in of),
            'unseen',
            'seen',
            'small',
            'FB-IoU',
            'ahead',
            'seeds',
        ]
        rules = ['---'] * len(head)
        text += f'\n### {title}\n\n' + ''.join(
            f'| {" | ".join(cells)} |\n' for cells in (head, rules, *body)
        )
    return text + '\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--rows',
        nargs='+',
        choices=CONFIGS,
        default=CONFIGS,
        metavar='ROW',
        help=f'of {", ".join(CONFIGS)}',
    )
    parser.add_argument('--folds', type=int, nargs='+', choices=FOLDS, default=FOLDS)
    parser.add_argument(
        '--ablation-folds', type=int, nargs='+', choices=FOLDS, default=(0, 1)
    )
    parser.add_argument('--seeds', type=int, nargs='+', default=(0, 1, 2))
    parser.add_argument('--iterations', type=int, default=3000)
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--results', type=Path, default='docs/results.jsonl')
    parser.add_argument('--page', type=Path, default='docs/results.md')
    parser.add_argument('--work-dir', type=Path, default='work_dirs/experiment')
    parser.add_argument(
        '--table',
        action='store_true',
        help='write the tables of what is there, run nothing',
    )
    args = parser.parse_args()
    if args.jobs < 1 or args.iterations < 1:
        parser.error('--jobs and --iterations are whole numbers above 0.')

    lines = read(args.results, args.iterations)
    done = {(line['row'], line['fold'], line['seed']) for line in lines}
    # Seeds first, so that every row has one before any has two.
    jobs = [
        (row, fold, seed)
        for seed, row, fold in product(args.seeds, args.rows, args.folds)
        if (row not in ABLATIONS or fold in args.ablation_folds)
        # Without training a seed changes nothing.
        and (
            row not in DENSE
            or seed == args.seeds[0]
            and (row, fold) not in {line[:2] for line in done}
        )
        and not all((name, fold, seed) in done for name in tests_of(row))
    ]
    failed = []
    if jobs and not args.table:
        with (
            ThreadPoolExecutor(args.jobs) as pool,
            Progress(
                TextColumn('{task.description}'),
                BarColumn(),
                TextColumn('{task.completed}/{task.total} runs'),
                TimeElapsedColumn(),
            ) as progress,
        ):
            task = progress.add_task('training', total=len(jobs))
            futures = {
                pool.submit(run, *job, args.iterations, args.work_dir): job
                for job in jobs
            }
            try:
                for future in as_completed(futures):
                    progress.advance(task)
                    try:
                        made = future.result()
                    except Exception as error:  # one run, not all of them
                        failed.append(f'{futures[future]}: {error}')
                        continue
                    append(args.results, made)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    text = tables(read(args.results, args.iterations), args.folds, args.ablation_folds)
    print(text)
    if args.page.exists():
        marked = re.compile('(?<=<!-- tables -->\n).*(?=<!-- end -->)', re.S)
        page = marked.sub(lambda _: text, args.page.read_text('utf-8'))
        with atomic_write(args.page) as file:
            file.write(page.encode())
    if failed:
        sys.exit('\n'.join(failed))


if __name__ == '__main__':
    main()
