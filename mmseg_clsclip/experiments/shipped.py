"""The figures of the shipped heads on Shapes-5i."""

from pathlib import Path
from statistics import mean

from rich.console import Console
from rich.table import Table

from ..evaluation.results import FIGURES
from .layout import CHECKPOINT, CONFIG, FOLDS, PLUS_CONFIGS, WHOLE_CONFIG, fold_option
from .tool_runs import TestRun, run_tests

COLUMNS = {
    key: FIGURES[key].split(', ')[-1]
    for key in ('miou_seen', 'miou_unseen', 'miou_unseen_small', 'fb_iou')
} | dict(miou_whole='mIoU whole')
PLUS_COLUMNS = {key: COLUMNS[key] for key in ('miou_unseen', 'miou_unseen_small')}


def evaluate(out: Path) -> tuple[dict, dict]:
    """Test what is shipped; all figures, rounded.

    Args:
        out (Path): Where the logs go.

    Returns:
        tuple[dict, dict]: Rows of ClsCLIP, a fold each and their mean; rows
        of ClsCLIP+, a source each.
    """
    runs = {}
    for fold in map(str, FOLDS):
        weights = CHECKPOINT.format(fold=fold)
        runs['episodes', fold] = TestRun(CONFIG.format(fold=fold), weights)
        runs['whole', fold] = TestRun(WHOLE_CONFIG, weights)
        for source, config in PLUS_CONFIGS.items():
            runs[source, fold] = TestRun(config, weights, [fold_option(int(fold))])
    metrics = run_tests(runs, out)

    def rounded(key: str, task: str, fold: int) -> float:
        if key == 'miou_whole':
            task, key = 'whole', 'mIoU'
        return round(metrics[task, str(fold)][key], 2)

    rows = {
        f'fold{fold}': {c: rounded(c, 'episodes', fold) for c in COLUMNS}
        for fold in FOLDS
    }
    rows['mean'] = {
        c: round(mean(rows[f'fold{fold}'][c] for fold in FOLDS), 2) for c in COLUMNS
    }
    plus_rows = {}
    for source in PLUS_CONFIGS:
        folds = {
            f'fold{fold}': {c: rounded(c, source, fold) for c in PLUS_COLUMNS}
            for fold in FOLDS
        }
        plus_rows[source] = {
            c: round(mean(row[c] for row in folds.values()), 2) for c in PLUS_COLUMNS
        }
        plus_rows[source].update(
            proposals=metrics[source, '0']['protocol']['proposals'], **folds
        )
    return rows, plus_rows


def print_tables(rows: dict, plus_rows: dict) -> None:
    """Print ClsCLIP, one line a fold; then beside it ClsCLIP+, one a source."""
    table = Table(title='ClsCLIP on Shapes-5i, per cent')
    for column in ('', *COLUMNS.values()):
        table.add_column(column, justify='right')
    for name, row in rows.items():
        table.add_row(name, *(f'{row[key]:.1f}' for key in COLUMNS))
    Console().print(table)
    table = Table(title='ClsCLIP+ on Shapes-5i, mean of four folds')
    for column in ('proposals', *PLUS_COLUMNS.values()):
        table.add_column(column, justify='right')
    everything = {'none: ClsCLIP': rows['mean']}
    everything.update((row['proposals'], row) for row in plus_rows.values())
    for name, row in everything.items():
        table.add_row(name, *(f'{row[key]:.1f}' for key in PLUS_COLUMNS))
    Console().print(table)
