"""Tables of the study: means, spreads, who is ahead."""

from mmseg_clsclip.experiments import rows
from mmseg_clsclip.experiments.tables import summary, tables


def line(row, fold, seed, unseen):
    figures = dict(miou_seen=70.0, miou_unseen_small=50.0, fb_iou=80.0)
    return dict(row=row, fold=fold, seed=seed, miou_unseen=unseen, **figures)


def whole(row, fold, seed, miou, presence=False, **more):
    """A line of the other question."""
    name = list(rows.whole_tests_of(row))[presence]
    figures = dict(mIoU=miou, mIoU_seen=60.0, mIoU_unseen=40.0, hIoU=48.0)
    return dict(row=name, fold=fold, seed=seed, **{**figures, **more})


def test_mean_and_spread_are_over_seeds_of_the_mean_over_folds():
    lines = [
        line('ClsCLIP', fold, seed, 60 + 4 * fold + seed)
        for fold in (0, 1)
        for seed in (0, 1, 2)
    ]
    cells = summary(lines, 'ClsCLIP', (0, 1))
    assert cells[:4] == ['ClsCLIP', '61.0', '65.0', '63.0 ± 1.0']
    # A seed without all folds is in the folds' columns alone.
    cells = summary(lines[:-1], 'ClsCLIP', (0, 1))
    assert cells[3] == '62.5 ± 0.7' and cells[-3:] == ['', '', '2']


def test_a_run_that_was_made_again_counts_by_its_mean():
    lines = [
        line('ClsCLIP', 0, 0, 60.0),
        line('LSeg-style', 0, 0, 58.0),
        line('LSeg-style', 0, 0, 64.0),
        whole('LSeg-style', 0, 0, 30.0),
        whole('LSeg-style', 0, 0, 33.0),
    ]
    assert summary(lines, 'LSeg-style', (0,))[1:3] == ['61.0', '61.0']
    assert summary(lines, 'LSeg-style', (0,))[-3:] == ['1 of 1', '', '1']
    assert '| LSeg-style: whole vocabulary | 31.5 |' in tables(lines, (0,), (0,))


def test_who_is_ahead_in_runs_of_the_same_fold_and_seed():
    rates = {'ClsCLIP': 1, 'CLIPSeg-style (FiLM)': 1.9, 'LSeg-style': 2}
    runs = [(fold, seed) for fold in (0, 1) for seed in (0, 1, 2)]
    lines = [
        line(row, fold, seed, 60 + fold + rate * seed)
        for row, rate in rates.items()
        for fold, seed in runs
    ]
    lines.remove(line('CLIPSeg-style (FiLM)', 1, 2, 64.8))
    other = line('LSeg-style', 1, 3, 99)  # the others have no such run
    cells = summary([*lines, other], 'LSeg-style', (0, 1))
    assert cells[-3:] == ['4 of 6', '3 of 5', '3']
    assert summary(lines, 'LSeg-style', (1,))[-3:] == ['2 of 3', '1 of 2', '3']
    assert summary(lines, 'ClsCLIP', (0,))[-3:] == ['', '0 of 3', '3']
    assert summary(lines, 'CLIPSeg-style (FiLM)', (0,))[-3:] == ['2 of 3', '', '3']


def test_of_all_names_the_same_tests_are_compared():
    lines = [
        whole(row, 0, seed, 30.0, presence, hIoU=30 + gain * (seed + presence))
        for row, gain in (
            ('ClsCLIP', 0),
            ('CLIPSeg-style (FiLM)', 2),
            ('LSeg-style', 1),
        )
        for seed in (0, 1, 2)
        for presence in (False, True)
    ]
    *_, text = tables(lines, (0,), (0,)).split('###')
    rows = [
        [x.strip() for x in row.split('|')[1:-1]] for row in text.splitlines()[4:-1]
    ]
    assert [(row[0].split(':')[0], *row[6:]) for row in rows] == [
        ('ClsCLIP', '', '0 of 3', '3', '144.1'),
        ('ClsCLIP', '', '0 of 3', '3', '144.1'),
        ('LSeg-style', '2 of 3', '0 of 3', '3', '0.1'),
        ('LSeg-style', '3 of 3', '0 of 3', '3', '0.1'),
        ('CLIPSeg-style (FiLM)', '2 of 3', '', '3', '48.1'),
        ('CLIPSeg-style (FiLM)', '3 of 3', '', '3', '48.1'),
    ]


def test_means_within_a_table_are_of_the_same_folds():
    lines = [line('ClsCLIP', fold, 0, 60 + 4 * fold) for fold in range(4)]
    lines += [line('ClsCLIP, block 0', 0, 0, 50)]
    parts = tables(lines, range(4), (0, 1)).split('###')[1:]
    baselines, zoom_in, ablations = parts[:3]
    assert '| ClsCLIP | 60.0 | 64.0 | 68.0 | 72.0 | 66.0 |' in baselines
    assert '| ClsCLIP | 60.0 | 64.0 | 68.0 | 72.0 | 66.0 |' in zoom_in
    assert '| ClsCLIP | 60.0 | 64.0 | 62.0 |' in ablations
    assert '| ClsCLIP, block 0 | 50.0 |  |  |' in ablations


def test_all_names_at_once_have_tables_of_their_own():
    lines = [
        whole('LSeg-style', fold, seed, 30 + fold + seed, presence, **asked)
        for presence, asked in ((False, {}), (True, dict(names_asked=2.5)))
        for fold in (0, 1)
        for seed in (0, 1, 2)
    ]
    baselines, everyone = tables(lines, range(4), (0, 1)).split('###')[1:]
    assert everyone.splitlines()[0] == ' All names at once'
    assert everyone.splitlines()[4:-1] == [
        f'| LSeg-style: whole vocabulary{name} | 31.5 ± 1.0 | 60.0 ± 0.0 | '
        f'40.0 ± 0.0 | 48.0 ± 0.0 | {asked} |  |  | 3 | 0.1 |'
        for name, asked in (('', ''), (', presence', '2.5 ± 0.0'))
    ]
    # A fold without a line is in no mean.
    assert baselines.splitlines()[0] == ' Baselines, all names at once'
    unmade = '| LSeg-style: whole vocabulary |  |  |  |  |  |  |  | 0 | 0.1 |'
    assert baselines.splitlines()[4] == unmade


def test_of_a_zoom_in_all_names_are_beside_its_segmentors():
    name = 'ClsCLIP+, boxes: self'
    lines = [whole('ClsCLIP', 0, 0, 30.0), whole(name, 0, 0, 33.0, hIoU=49.0)]
    _, zoom_in, _ = tables(lines, [0], [0]).split('###')[1:]
    assert zoom_in.splitlines()[0] == ' Zoom-in, all names at once'
    *_, last = zoom_in.strip().splitlines()
    # What a name costs depends on its boxes.
    ahead = '1 of 1 |  | 1 |  |'
    assert last == (
        f'| {name}: whole vocabulary | 33.0 | 60.0 | 40.0 | 49.0 |  | {ahead}'
    )
