"""Runs of a row, by fold and seed, and what they gain over another row's."""

from collections.abc import Sequence
from statistics import mean

from .results_file import FIGURES, WHOLE_FIGURES

Runs = dict[tuple[int, int], dict[str, float]]  # figures by fold and seed
Makings = dict[tuple[int, int], list[float]]  # a figure, as often as it was made


def makings_of(lines: Sequence[dict], row: str, figure: str) -> Makings:
    """Return a figure of a row's runs, in the order in which they were made."""
    makings: Makings = {}
    for line in lines:
        if line['row'] == row and figure in line:
            makings.setdefault((line['fold'], line['seed']), []).append(line[figure])
    return makings


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


def whole_seeds(runs: Runs, folds: Sequence[int]) -> list[int]:
    """Return the seeds that have a run of every fold."""
    seeds = sorted({seed for _, seed in runs})
    return [seed for seed in seeds if all((fold, seed) in runs for fold in folds)]


def seed_means(runs: Runs, figure: str, folds: Sequence[int]) -> list[float]:
    """Return the mean over folds of each whole seed that has the figure."""
    return [
        mean(runs[fold, seed][figure] for fold in folds)
        for seed in whole_seeds(runs, folds)
        if all(figure in runs[fold, seed] for fold in folds)
    ]


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
