"""The figures of the shipped models on Shapes-5i."""

from pathlib import Path
from statistics import mean
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from ..evaluation.results import COUNTS, FIGURES
from .layout import (
    CHECKPOINT,
    EPISODES,
    FOLDS,
    GATE,
    HEADS,
    PAPER,
    PLUS_CONFIGS,
    PRESENCE,
    WHOLE,
    fold_option,
)
from .tool_runs import TestRun, run_tests


class ShippedModel(NamedTuple):
    """Where a model lies.

    Attributes:
        episodes (str): Its config, asked for one class a sample; ``{fold}`` is the
            fold.
        whole (str): Its config, asked for all classes at once; ``{fold}`` is the
            fold, if there is one for each.
        checkpoint (str): What both are tested with; ``{fold}`` is the fold.
    """

    episodes: str
    whole: str
    checkpoint: str


class FigureColumn(NamedTuple):
    """A column of the table.

    Attributes:
        test (str): ``'episodes'`` or ``'whole'``.
        figure (str): Of its result.
        head (str): Above the column.
    """

    test: str
    figure: str
    head: str


MODELS = {
    f'{title}{more}': ShippedModel(
        *(text.format(model=model) for text in (EPISODES, whole, HEADS))
    )
    for title, model in {'ClsCLIP': PAPER, 'ClsCLIP-gate': GATE}.items()
    for more, whole in {'': WHOLE, ', presence': PRESENCE}.items()
}
COLUMNS = {
    key: FigureColumn(
        'episodes', key, FIGURES[key].split(', ')[-1].removeprefix('mIoU ')
    )
    for key in ('miou_seen', 'miou_unseen', 'miou_unseen_small', 'fb_iou')
} | dict(
    miou_whole=FigureColumn('whole', 'mIoU', 'whole'),
    miou_whole_seen=FigureColumn('whole', 'mIoU_seen', 'S'),
    miou_whole_unseen=FigureColumn('whole', 'mIoU_unseen', 'U'),
    hiou_whole=FigureColumn('whole', 'hIoU', 'h'),
    names_asked=FigureColumn('whole', 'names_asked', COUNTS['names_asked']),
)
# Of the pixels of objects: what they are taken for when all is asked at once.
ERROR_COLUMNS = {
    key: FigureColumn('whole', key, FIGURES[key].removeprefix('objects '))
    for key in (
        'object_right',
        'object_missed',
        'object_as_present',
        'object_as_absent',
    )
}
PLUS_COLUMNS = {key: COLUMNS[key].head for key in ('miou_unseen', 'miou_unseen_small')}


def evaluate(out: Path) -> tuple[dict, dict]:
    """Test what is shipped; all figures, rounded.

    Args:
        out (Path): Where the logs go.

    Returns:
        tuple[dict, dict]: Rows of each of ``MODELS``, a fold each and their
        mean; rows of ClsCLIP+, a source each.
    """
    runs = {}
    for fold in FOLDS:
        for name, model in MODELS.items():
            weights = model.checkpoint.format(fold=fold)
            runs[name, 'episodes', str(fold)] = TestRun(
                model.episodes.format(fold=fold), weights
            )
            runs[name, 'whole', str(fold)] = TestRun(
                model.whole.format(fold=fold), weights, (fold_option(fold, whole=True),)
            )
        for source, config in PLUS_CONFIGS.items():
            runs['ClsCLIP+', source, str(fold)] = TestRun(
                config, CHECKPOINT.format(fold=fold), (fold_option(fold),)
            )
    # With a presence episodes are the same, so each is run once.
    keys = {run: key for key, run in runs.items()}
    once = run_tests({key: run for run, key in keys.items()}, out)
    results = {key: once[keys[run]] for key, run in runs.items()}
    return (
        {name: _model_rows(name, results) for name in MODELS},
        {source: _plus_row(source, results) for source in PLUS_CONFIGS},
    )


def _model_rows(name: str, results: dict) -> dict[str, dict[str, float]]:
    """Return a row a fold and their mean; a figure that is not there is left out."""
    rows = {}
    for fold in FOLDS:
        of_test = {
            test: results[name, test, str(fold)] for test in ('episodes', 'whole')
        }
        rows[f'fold{fold}'] = {
            key: round(of_test[column.test][column.figure], 2)
            for key, column in {**COLUMNS, **ERROR_COLUMNS}.items()
            if column.figure in of_test[column.test]
        }
    return {**rows, 'mean': _mean(list(rows.values()))}


def _plus_row(source: str, results: dict) -> dict:
    """Return the mean over folds, where boxes are from, and a row a fold."""
    folds = {
        f'fold{fold}': {
            key: round(results['ClsCLIP+', source, str(fold)][key], 2)
            for key in PLUS_COLUMNS
        }
        for fold in FOLDS
    }
    proposals = results['ClsCLIP+', source, '0']['protocol']['proposals']
    return dict(_mean(list(folds.values())), proposals=proposals, **folds)


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each figure that all rows have."""
    return {
        key: round(mean(row[key] for row in rows), 2)
        for key in rows[0]
        if all(key in row for row in rows)
    }


def print_tables(rows: dict, plus_rows: dict) -> None:
    """Print the models, a line a fold; then beside ClsCLIP ClsCLIP+, a line a source.

    Args:
        rows (dict): Of :func:`evaluate`.
        plus_rows (dict): Of the same.
    """
    # Where nothing else is said a terminal has 80 columns, too few for a name.
    console = Console()
    console = Console(width=max(110, console.width))
    columns = {
        key: column.head
        for key, column in COLUMNS.items()
        if any(key in row for of_model in rows.values() for row in of_model.values())
    }
    table = Table(
        title='mIoU on Shapes-5i, per cent',
        caption='Asked for all 20 classes and the background at once: whole, the '
        'mIoU of all; S, U and h, that of seen and of unseen classes and their '
        'harmonic mean',
    )
    for column in ('', *columns.values()):
        table.add_column(column, justify='right')
    for name, of_model in rows.items():
        for fold, row in of_model.items():
            table.add_row(f'{name}, {fold}', *_cells(row, columns))
        table.add_section()
    console.print(table)
    heads = {
        key: column.head
        for key, column in ERROR_COLUMNS.items()
        if all(key in of_model['mean'] for of_model in rows.values())
    }
    if heads:
        table = Table(
            title="The whole vocabulary's pixels of objects, per cent, mean of folds"
        )
        for column in ('', *heads.values()):
            table.add_column(column, justify='right')
        for name, of_model in rows.items():
            table.add_row(name, *_cells(of_model['mean'], heads))
        console.print(table)
    table = Table(title='ClsCLIP+: mIoU on Shapes-5i, mean of four folds')
    for column in ('proposals', *PLUS_COLUMNS.values()):
        table.add_column(column, justify='right')
    everything = {'none: ClsCLIP': rows['ClsCLIP']['mean']}
    everything.update((row['proposals'], row) for row in plus_rows.values())
    for name, row in everything.items():
        table.add_row(name, *_cells(row, PLUS_COLUMNS))
    console.print(table)


def _cells(row: dict, columns: dict[str, str]) -> list[str]:
    return [f'{row[key]:.1f}' if key in row else '-' for key in columns]
