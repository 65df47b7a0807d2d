"""Train and test every row of docs/results.md, some runs at once.

A run is one row, fold and seed: ``tools/train.py`` for as many iterations as
all others, then ``tools/test.py``. Its figures are appended to a file of JSON
lines as soon as it ends, and what stands there is not run again unless its
config has changed: stop and start as you like. At the end, or with
``--table``, the tables are written into the page, between its markers.
"""

import argparse
import os
import sys
from pathlib import Path

from mmseg_clsclip.experiments.grid import execute, plan
from mmseg_clsclip.experiments.layout import FOLDS
from mmseg_clsclip.experiments.results_file import read_lines
from mmseg_clsclip.experiments.rows import ROWS
from mmseg_clsclip.experiments.tables import publish, tables


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--rows',
        nargs='+',
        choices=ROWS,
        default=ROWS,
        metavar='ROW',
        help=f'of {", ".join(ROWS)}',
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
    args = parser.parse_args(argv)
    if args.jobs < 1 or args.iterations < 1:
        parser.error('--jobs and --iterations are whole numbers above 0.')
    return args


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    failures = []
    try:
        lines = read_lines(args.results, args.iterations)
        if not args.table:
            jobs = plan(lines, args.rows, args.folds, args.ablation_folds, args.seeds)
            failures = execute(
                jobs, args.iterations, args.work_dir, args.results, workers=args.jobs
            )
            lines = read_lines(args.results, args.iterations)
    except ValueError as error:
        sys.exit(str(error))
    text = tables(lines, args.folds, args.ablation_folds)
    print(text)
    publish(text, args.page)
    if failures:
        sys.exit('\n'.join(failures))


if __name__ == '__main__':
    main()
