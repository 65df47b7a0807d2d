"""Runs of a row, by fold and seed, and what they gain over another row's."""

from collections.abc import Sequence
from statistics import mean

from .results_file import FIGURES, WHOLE_FIGURES

Runs = dict[tuple[int, int], dict[str, float]]  # figures by fold and seed


def runs_of(lines: Sequence[dict], row: str, folds: Sequence[int]) -> Runs:
    """Return a row's figures by run; of one that was made again their mean."""
    runs: dict[tuple[int, int], list[dict]] = {}
    for line in lines:
        if line['row'] == row and line['fold'] in folds:
            runs.setdefault((line['fold'], line['seed']), []).append(line)
    return {
        key: {
            figure: mean(line[figure] for line in made)
            for figure in (*FIGURES, *WHOLE_FIGURES)
            if all(figure in line for line in made)
        }
        for key, made in runs.items()
    }


def gains_over(ours: Runs, theirs: Runs, figure: str) -> list[float]:
    """Return differences of a figure between runs of the same fold and seed.

    In hundredths of a point, as figures are kept: what is equal is nought.
    """
    return [
        round(ours[key][figure] - theirs[key][figure], 2)
        for key in sorted(ours)
        if key in theirs
    ]


def count_ahead(gains: Sequence[float]) -> str:
    """Return in how many runs something is gained, as ``'4 of 6'``."""
    return f'{sum(gain > 0 for gain in gains)} of {len(gains)}'
