"""Train and test every row of docs/results.md, some runs at once.

A run is one row, fold and seed: ``tools/train.py`` for as many iterations as
all others, then ``tools/test.py``. Its figures are appended to a file of JSON
lines as soon as it ends, and what stands there is not run again unless its
config has changed: stop and start as you like. At the end, or with
``--table``, the tables are written into the page, between its markers.

``--iterations 12000`` trains as the shipped heads were, and those runs have tables
of their own, below the others.

``--row NAME CONFIG`` is a further row, of a config of yours; see
docs/extending.md. It is run alone, unless ``--rows`` names others, and printed
below the page's baselines. Its figures, and those of trainings of any other length,
go to a file of their own; the page stays.
"""

import argparse
import os
import sys
from pathlib import Path

from mmseg_clsclip.experiments.chance import chance_table
from mmseg_clsclip.experiments.claims import claim_tables
from mmseg_clsclip.experiments.grid import execute, plan
from mmseg_clsclip.experiments.layout import ABLATION_FOLDS, FOLDS, ROOT
from mmseg_clsclip.experiments.own_rows import read_own_rows
from mmseg_clsclip.experiments.results_file import read_lines
from mmseg_clsclip.experiments.rows import LONGER, ROWS, SHORT
from mmseg_clsclip.experiments.tables import publish, tables
from mmseg_clsclip.experiments.ways import ways_table
from mmseg_clsclip_cli.number_types import count, count_or_zero


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--rows', nargs='+', choices=ROWS, metavar='ROW', help=f'of {", ".join(ROWS)}'
    )
    parser.add_argument(
        '--row',
        nargs=2,
        action='append',
        default=[],
        metavar=('NAME', 'CONFIG'),
        help='a further row, of a config for fold 0; may be repeated',
    )
    parser.add_argument('--folds', type=int, nargs='+', choices=FOLDS, default=FOLDS)
    parser.add_argument(
        '--ablation-folds', type=int, nargs='+', choices=FOLDS, default=ABLATION_FOLDS
    )
    parser.add_argument('--seeds', type=count_or_zero, nargs='+', default=(0, 1, 2))
    parser.add_argument('--iterations', type=count, default=SHORT)
    parser.add_argument('--jobs', type=count, default=os.cpu_count())
    parser.add_argument(
        '--results',
        type=Path,
        help='docs/results.jsonl by default; with --row, and for trainings of other '
        'lengths than the page has, rows.jsonl in --work-dir',
    )
    parser.add_argument(
        '--page',
        type=Path,
        help='whose tables are written anew; docs/results.md by default, where the '
        'figures go to docs/results.jsonl',
    )
    parser.add_argument('--work-dir', type=Path, default='work_dirs/experiment')
    parser.add_argument(
        '--table',
        action='store_true',
        help='write the tables of what is there, run nothing',
    )
    args = parser.parse_args(argv)
    studied = not args.row and args.iterations in (SHORT, LONGER)
    if studied and args.results is None:
        args.results = ROOT / 'docs/results.jsonl'
        args.page = args.page or ROOT / 'docs/results.md'
    args.results = args.results or args.work_dir / 'rows.jsonl'
    if args.page and not args.page.is_file():
        parser.error(f'--page {args.page}: there is no such file.')
    if not args.row:
        args.rows = args.rows or ROWS
    return args


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    failures = []
    try:
        own = read_own_rows(args.row)
        longer_ones = args.iterations == LONGER and not own
        # What further rows stand beside.
        known = read_lines(ROOT / 'docs/results.jsonl', args.iterations) if own else []
        lines = known + read_lines(args.results, args.iterations, own)
        if not args.table:
            jobs = plan(
                lines,
                [*(args.rows or []), *own],
                # Tables of longer ones have those of the ablations alone.
                args.ablation_folds if longer_ones else args.folds,
                args.ablation_folds,
                args.seeds,
                own,
            )
            failures = execute(
                jobs, args.iterations, args.work_dir, args.results, args.jobs, own
            )
        # Longer ones have tables of their own, below those of all rows.
        shown = SHORT if longer_ones else args.iterations
        lines = known + read_lines(args.results, shown, own)
        longer = [] if own else read_lines(args.results, LONGER)
        longer = [line for line in longer if line['iterations'] == LONGER]
    except ValueError as error:
        sys.exit(str(error))
    # A page has all folds, whichever were made now.
    folds = (FOLDS, ABLATION_FOLDS) if args.page else (args.folds, args.ablation_folds)
    texts = dict(tables=tables(lines, *folds, own, longer))
    if not own:
        texts['ways'] = ways_table(lines, longer, folds[1])
        texts['claims'] = claim_tables(lines, longer, folds[0])
        texts['chance'] = chance_table(lines, folds[1])
    print(*texts.values(), sep='')
    if args.page:
        try:
            publish(texts, args.page)
        except ValueError as error:
            failures.append(str(error))
    if failures:
        sys.exit('\n'.join(failures))


if __name__ == '__main__':
    main()
