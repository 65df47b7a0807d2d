"""How far chance goes: runs that were made again, and other seeds."""

from collections.abc import Sequence
from statistics import mean, median, stdev

from .claims import ENOUGH, QUESTIONS
from .results_file import judged_tests
from .rows import ROWS, TRAINING_FREE, tests_of
from .runs import makings_of, runs_of, seed_means
from .tables import table

HEAD = (
    '',
    'runs made again',
    'equal',
    'apart',
    'at most',
    f'means of {ENOUGH} or more',
    'apart',
    'at most',
    '± over seeds, median',
    'at most',
)


def chance_table(lines: Sequence[dict], folds: Sequence[int]) -> str:
    """Return the Markdown of how far apart figures are that only chance divides.

    Of each question the figure that it is judged by, in points: between the first
    making of a run and the last, in the mean and at most, and so between the means
    of a row's; and the standard deviation over seeds, in the median of the rows and
    at most.

    Args:
        lines (Sequence[dict]): Of figures.
        folds (Sequence[int]): Of the means over seeds.
    """
    trained = [row for row in ROWS if row not in TRAINING_FREE]  # by a seed
    tests = [test for row in trained for test in tests_of(row)]
    asked = zip(*(judged_tests(test).items() for test in tests))
    body = [
        [question, *_chance(lines, [name for name, _ in same], same[0][1], folds)]
        for question, same in zip(QUESTIONS, asked, strict=True)
    ]
    return table('How far chance goes', HEAD, [b for b in body if any(b[1:])]) + '\n'


def _chance(
    lines: Sequence[dict], rows: Sequence[str], figure: str, folds: Sequence[int]
) -> list[str]:
    """Return the cells of a question; empty ones where there is nothing."""
    made_again = [
        [made for made in makings_of(lines, row, figure).values() if len(made) > 1]
        for row in rows
    ]
    runs = [_apart(made[:1], made[-1:]) for row in made_again for made in row]
    means = [
        _apart([made[0] for made in row], [made[-1] for made in row])
        for row in made_again
        if len(row) >= ENOUGH
    ]
    by_seed = [seed_means(runs_of(lines, row, folds), figure, folds) for row in rows]
    spreads = [stdev(values) for values in by_seed if len(values) > 1]
    return [
        *([str(len(runs)), str(runs.count(0))] if runs else ['', '']),
        *_mean_and_most(runs),
        str(len(means) or ''),
        *_mean_and_most(means),
        *([f'{median(spreads):.1f}', f'{max(spreads):.1f}'] if spreads else ['', '']),
    ]


def _apart(first: Sequence[float], last: Sequence[float]) -> float:
    """Return how far apart two means are, in hundredths, as figures are kept."""
    return round(abs(mean(first) - mean(last)), 2)


def _mean_and_most(differences: Sequence[float]) -> list[str]:
    if not differences:
        return ['', '']
    return [f'{mean(differences):.1f}', f'{max(differences):.1f}']
