"""The study in one table: means of the folds it names, of whole seeds."""

import pytest

from mmseg_clsclip.experiments import ways


@pytest.fixture(autouse=True)
def _price(monkeypatch):
    monkeypatch.setattr(ways, 'price', lambda row: f'price of {row}')


def line(row, fold, seed, **figures):
    return dict(row=row, fold=fold, seed=seed, **figures)


def cells_of(lines, longer=(), folds=(0, 1)):
    """The cells of each row, by its name."""
    rows = [
        row.split('|')[1:-1]
        for row in ways.ways_table(lines, longer, folds).splitlines()
        if row.startswith('| ') and '---' not in row
    ]
    return {name.strip(): [cell.strip() for cell in cells] for name, *cells in rows}


def test_rows_have_both_questions_and_both_lengths():
    lines = [
        line('LSeg-style', fold, seed, miou_unseen=60 + seed + fold, miou_seen=70)
        for fold in (0, 1, 2)
        for seed in (0, 1)
    ]
    lines += [
        line(f'LSeg-style: whole vocabulary{presence}', fold, 0, hIoU=value)
        for fold in (0, 1)
        for presence, value in {'': 20, ', presence': 50.5}.items()
    ]
    longer = [line('LSeg-style', 0, 0, miou_unseen=75.0, miou_seen=80.0)]
    longer += [line('LSeg-style', 1, 0, miou_unseen=76.0, miou_seen=80.0)]
    cells = cells_of(lines, longer)
    assert list(cells) == ['', 'LSeg-style']
    assert dict(zip(cells[''], cells['LSeg-style'], strict=True)) == {
        'unseen': '61.0 ± 0.7',
        'seen': '70.0 ± 0.0',
        'h': '20.0',
        'h with a presence': '50.5',
        'MFLOP a name asked': 'price of LSeg-style',
        '12,000: unseen': '75.5',
        '12,000: seen': '80.0',
        '12,000: h': '',
        '12,000: h with a presence': '',
    }


def test_a_seed_without_all_folds_is_in_no_mean():
    lines = [line('ClsCLIP', 0, 0, miou_unseen=60.0, miou_seen=70.0)]
    assert cells_of(lines)['ClsCLIP'][:2] == ['', '']
    assert cells_of(lines, folds=(0,))['ClsCLIP'][:2] == ['60.0', '70.0']


def test_without_a_figure_there_is_no_table():
    assert ways.ways_table([], [], (0, 1)) == '\n'
