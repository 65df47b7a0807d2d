"""How far apart figures are that only chance divides."""

import pytest

from mmseg_clsclip.experiments.chance import chance_table


def line(seed, value, row='LSeg-style', figure='miou_unseen', fold=0):
    return {'row': row, 'fold': fold, 'seed': seed, figure: value}


def cells_of(lines, folds=(0,)):
    """The cells of each question, by its name."""
    rows = [row.split('|')[1:-1] for row in chance_table(lines, folds).splitlines()]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows if row}


def test_runs_are_compared_with_themselves():
    whole = 'LSeg-style: whole vocabulary'
    lines = [
        line(0, 60.0),
        line(0, 99.0),  # between the first and the last
        line(1, 62.0),
        line(0, 61.0),
        line(1, 62.0),
        line(2, 70.0),  # made once
        # Of what is not trained chance has no part.
        line(0, 50.0, row='NACLIP, training-free'),
        line(0, 50.0, row='NACLIP, training-free'),
        line(0, 50.0, row='ClsCLIP+, boxes: self'),
        line(0, 46.0, row='ClsCLIP+, boxes: self'),
        line(0, 30.0, whole, 'hIoU'),
        line(0, 32.5, whole, 'hIoU'),
    ]
    cells = cells_of(lines, (1,))
    assert cells['one name'] == ['3', '1', '1.7', '4.0', *[''] * 5]
    assert cells['all names'] == ['1', '0', '2.5', '2.5', *[''] * 5]
    assert 'with a presence' not in cells


def test_means_of_a_row_are_nearer_than_its_runs():
    lines = [line(seed, 60 + seed) for seed in range(6)]
    lines += [line(seed, 60 + seed + (-1) ** seed) for seed in range(6)]
    assert cells_of(lines, (1,))['one name'][:7] == [
        *('6', '0', '1.0', '1.0'),
        *('1', '0.0', '0.0'),
    ]
    # Fewer are no mean.
    assert cells_of(lines[:11], (1,))['one name'][:5] == ['5', '0', '1.0', '1.0', '']


@pytest.mark.parametrize(
    'folds, expected',
    [
        ((0,), ['0.5', '1.0']),  # the median is of two rows
        ((0, 1), ['0.4', '0.7']),  # seed 2 has no run of fold 1
        ((2,), []),
    ],
)
def test_spread_over_seeds_is_of_the_mean_over_folds(folds, expected):
    lines = [line(seed, 60 + seed) for seed in range(3)]
    lines += [line(seed, 60 + seed, fold=1) for seed in range(2)]
    lines += [
        line(seed, 50.0, row='ClsCLIP', fold=fold) for seed in (0, 1) for fold in (0, 1)
    ]
    assert cells_of(lines, folds).get('one name', [])[7:] == expected


def test_without_a_figure_there_is_no_table():
    assert chance_table([], (0, 1)) == '\n'
