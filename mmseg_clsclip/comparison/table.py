"""The report's table, its first sentence, and how things were measured."""

from collections.abc import Sequence
from typing import NamedTuple

from ..evaluation.protocol import protocol_line
from ..evaluation.results import (
    COUNTS,
    ERRORS,
    FIGURES,
    NOTHING,
    RANDOM,
    is_figure,
    plain_name,
)
from .comparability import MAY_DIFFER, training_note

# Said of a row that was not tested.
COSTS_ALONE = 'random weights: its costs alone'
COSTS = ('parameters trained', 'GFLOPs', 'pictures/s', 'peak memory')
# Heads of columns of words, not of numbers.
NOTE = 'note'  # the last, if any row has one
WORD_HEADS = (*(key.replace('_', ' ') for key in MAY_DIFFER), NOTE)


class Cell(NamedTuple):
    """A cell's text, and whether it is the best figure of its column."""

    text: str
    is_best: bool = False


def _number(value, digits: int = 1) -> str:
    return '-' if value is None else f'{value:.{digits}f}'


def _speed(row: dict) -> str:
    """Return pictures a second, of slow models to two digits."""
    if not row.get('seconds'):
        return '-'
    speed = 1 / row['seconds']
    return f'{speed:.1f}' if speed >= 1 else f'{speed:.2g}'


def _parameters(row: dict) -> str:
    """Return the parameters that are trained, of all, in millions."""
    if 'parameters' not in row:
        return '-'
    trained = row['trained_parameters']
    words = f'{trained / 1e6:.2f}' if trained else '0'
    return f'{words} of {row["parameters"] / 1e6:.2f} M'


def _list_numbers(rows: list[dict]) -> dict[str, None]:
    """Return the names of all that any row's metrics counted."""
    return dict.fromkeys(k for row in rows for k in row.get('figures', {}))


def list_figures(rows: list[dict]) -> list[str]:
    """Return the figures that any row has, in the order of columns."""
    names = [k for k in _list_numbers(rows) if plain_name(k) not in COUNTS]
    return [k for k in FIGURES if k in names] + [k for k in names if k not in FIGURES]


def list_counts(rows: list[dict]) -> list[str]:
    """Return what any row counts that is no figure, such as names asked."""
    return [k for k in _list_numbers(rows) if plain_name(k) in COUNTS]


def label_row(row: dict) -> str:
    """Return the name that a row is shown by."""
    return f'{row["name"]} ({RANDOM})' if row.get('random') else row['name']


def _less_measured(row: dict) -> list[str]:
    """Return what the budget left of a row's costs, in words."""
    if not row.get('cut'):
        return []
    words = [f'cut short by the budget of {row["budget"]:.0f} s']
    if row.get('names') != row.get('vocabulary'):
        words.append(f'asked for {row["names"]} of {row["vocabulary"]} names')
    if row['timed'] < row['planned']:
        cold = '' if row['warmed_up'] else ', the first'
        words.append(f'pictures/s of {row["timed"]} of {row["planned"]} steps{cold}')
    if 0 < row['counted'] < row['to_count']:
        words.append(f'GFLOPs of {row["counted"]} of {row["to_count"]} pictures')
    return [', '.join(words)]


def _note(row: dict) -> str:
    """Return what a reader of a row must know beside its figures."""
    words = list(row['notes'])
    if row.get('random'):
        words.insert(0, NOTHING if row['figures'] else COSTS_ALONE)
    words += _less_measured(row)
    seen = row['protocol'].get('trained_on_unseen')
    if isinstance(seen, list):
        words.append(training_note(seen))
        words = list(dict.fromkeys(words))
    if (row.get('cpu_share') or 1) < 0.8:
        words.append(
            'pictures/s too low: the busy machine gave it '
            f'{100 * row["cpu_share"]:.0f} % of a core'
        )
    if row.get('gflops_error'):
        words.append(f'GFLOPs not counted: {row["gflops_error"]}')
    return '; '.join(words)


def _find_best(rows: list[dict], figures: Sequence[str]) -> dict[str, float]:
    """Return the best value of each figure among what means something."""
    best = {}
    for key in figures:
        values = [
            row['figures'][key]
            for row in rows
            if not row.get('error')
            and not row.get('random')
            and is_figure(row['figures'].get(key))
        ]
        if values:
            best[key] = min(values) if plain_name(key) in ERRORS else max(values)
    return best


def _show_figure(row: dict, key: str, best: dict[str, float]) -> Cell:
    value = row['figures'].get(key)
    if not is_figure(value):
        return Cell('-')
    return Cell(_number(value), value == best.get(key) and not row.get('random'))


def _list_differing(rows: list[dict]) -> list[str]:
    """Return the keys of protocols in which rows differ, as they may."""
    protocols = [row['protocol'] for row in rows if not row.get('error')]
    told = {
        # Every result names its views. What else it does not name, there was not.
        key: {str(p.get(key, '-')) for p in protocols if key in p or 'views' in p}
        for key in MAY_DIFFER
    }
    return [key for key, values in told.items() if len(values) > 1]


def build_table(rows: list[dict]) -> tuple[list[str], list[list[Cell]]]:
    """Return heads, and the cells of each row; a row that failed has two alone.

    What means nothing is not among what can be the best.

    Args:
        rows (list[dict]): Outcomes with ``name``, ``notes`` and ``protocol``,
            or an ``error``.
    """
    figures, counts = list_figures(rows), list_counts(rows)
    differing = _list_differing(rows)
    best = _find_best(rows, figures) if len(rows) > 1 else {}
    heads = [
        'model',
        *(FIGURES.get(key, key) for key in figures),
        *COSTS,
        *(COUNTS.get(key, key) for key in counts),
        *(key.replace('_', ' ') for key in differing),
    ]
    notes = [_note(row) for row in rows]
    if any(notes):
        heads.append(NOTE)
    cells = []
    for row, note in zip(rows, notes):
        if row.get('error'):
            cells.append([Cell(row['name']), Cell(f'failed: {row["error"]}')])
            continue
        memory = row.get('memory')
        cells.append(
            [
                Cell(label_row(row)),
                *(_show_figure(row, key, best) for key in figures),
                Cell(_parameters(row)),
                Cell(_number(row.get('gflops'), 3)),
                Cell(_speed(row)),
                Cell('-' if memory is None else f'{memory / 2**20:.0f} MiB'),
                *(Cell(_number(row['figures'].get(key))) for key in counts),
                *(Cell(str(row['protocol'].get(key, '-'))) for key in differing),
                *([Cell(note)] if any(notes) else []),
            ]
        )
    return heads, cells


def name_best(rows: list[dict], unseen: Sequence[str] = ()) -> str:
    """Name the best model by the first figure, and its lead, in a sentence.

    Args:
        rows (list[dict]): See :func:`build_table`.
        unseen (Sequence[str]): The classes that a figure of unseen ones is of.
    """
    rows = [row for row in rows if not row.get('error') and not row.get('random')]
    for key in list_figures(rows):
        if plain_name(key) in ERRORS:
            continue
        ranked = sorted(
            (row for row in rows if is_figure(row['figures'].get(key))),
            key=lambda row: -row['figures'][key],
        )
        if len(ranked) < 2:
            continue
        first, second = ranked[:2]
        lead = f'{first["figures"][key] - second["figures"][key]:.1f}'
        if lead == '0.0':
            return (
                f'{first["name"]} and {second["name"]} have the best '
                f'{FIGURES.get(key, key)} alike: '
                f'{first["figures"][key]:.1f}.'
            )
        group = unseen if 'unseen' in key else ()
        common = [
            name
            for name, iou in first['per_class'].items()
            if None not in (iou, second['per_class'].get(name))
            and (not group or name in group)
        ]
        won = sum(
            first['per_class'][name] > second['per_class'][name] for name in common
        )
        kind = 'unseen classes' if group else 'classes'
        return (
            f'{first["name"]} has the best {FIGURES.get(key, key)}: '
            f'{first["figures"][key]:.1f}, {lead} points above '
            f'{second["name"]}'
            + (f'; it is better in {won} of {len(common)} {kind}.' if common else '.')
        )
    return 'There are no two figures to compare.'


def explain_rows(rows: list[dict], remarks: list[str]) -> list[str]:
    """Return the protocol, remarks, and how things were measured, in lines."""
    done = [row for row in rows if not row.get('error')]
    lines = list(remarks)
    if done:
        common = {
            k: v
            for k, v in done[0]['protocol'].items()
            if all(row['protocol'].get(k) == v for row in done)
        }
        line = protocol_line(common)
        lines.insert(0, line[0].upper() + line[1:] + '.')
    names = {plain_name(key) for key in _list_numbers(done)}
    if names.intersection(ERRORS):
        lines.append(
            'Objects and background: shares of the pixels whose truth is a class, '
            'or the background. "There" is what the truth of the picture has '
            'somewhere. Of errors the least is the best.'
        )
    if 'names_asked' in names:
        lines.append(
            'Names asked: how many of the vocabulary masks were asked of, in the '
            'mean over pictures.'
        )
    if any('seconds' in row for row in done):
        libraries = (
            min(row['libraries_memory'] for row in done if 'seconds' in row) / 2**20
        )
        lines += [
            'Accuracy is in per cent. GFLOPs are of one picture and the '
            'classes that it is asked for; a multiply-add is one.',
            'pictures/s: the median of test steps of one picture each, read '
            'already. Models were measured one after the other, each in a '
            'process of its own, and did not take turns: what else the '
            'machine did may have met one and not another. Small differences '
            'mean nothing.',
            'Peak memory is of the whole process on a CPU'
            # None of them is on a GPU.
            + (
                f', in which the libraries alone take {libraries:.0f} MiB,'
                if libraries
                else ''
            )
            + ' and what is allocated on a GPU.',
        ]
    for line in dict.fromkeys(row.get('machine') for row in done):
        if line:
            lines.append(f'Machine: {line}.')
    return lines
