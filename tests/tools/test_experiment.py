"""tools/shapes/experiment.py: what is run, and what is not run again."""

import importlib
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mmseg_clsclip.experiments import grid, rows
from mmseg_clsclip.experiments.results_file import append_lines, read_lines

ROOT = Path(__file__).parents[2]
PAGE = """<!-- ways -->
<!-- end -->
<!-- claims -->
<!-- end -->
Before.
<!-- chance -->
<!-- end -->
<!-- tables -->
stale
<!-- end -->
After.
"""


def line(row, fold, seed, unseen, **more):
    return dict(
        row=row,
        fold=fold,
        seed=seed,
        iterations=3000,
        config=rows.fingerprints()[row],
        miou_unseen=unseen,
        miou_seen=70.0,
        fb_iou=80.0,
        miou_unseen_small=50.0,
        train_seconds=1,
        **more,
    )


def whole(row, fold, seed, miou, presence=False, **more):
    """A line of the other question."""
    name = list(rows.whole_tests_of(row))[presence]
    run = dict(fold=fold, seed=seed, iterations=3000, train_seconds=1)
    figures = dict(mIoU=miou, mIoU_seen=60.0, mIoU_unseen=40.0, hIoU=48.0)
    return dict(row=name, config=rows.fingerprints()[name], **run, **figures, **more)


def run_of(job):
    """All lines of a run."""
    return [line(*job, 60.0), whole(*job, 30.0), whole(*job, 50.0, True)]


@pytest.fixture
def experiment(monkeypatch, tmp_path):
    """The tool, as it is called."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools/shapes'))
    tool = importlib.import_module('experiment')
    files = ['--results', tmp_path / 'results.jsonl', '--page', tmp_path / 'page.md']
    (tmp_path / 'page.md').write_text(PAGE)

    def _experiment(*args):
        folder = str(tmp_path / 'runs')
        tool.main([*map(str, files), '--jobs', '1', '--work-dir', folder, *args])

    return _experiment


def test_the_runs_of_the_page_are_those_of_todays_configs():
    path = ROOT / 'docs/results.jsonl'
    longer = [x for x in read_lines(path, rows.LONGER) if x['iterations']]
    kept = len(read_lines(path, rows.SHORT)) + len(longer)
    assert kept == len(path.read_text().splitlines())


def test_the_tables_of_the_page_are_made_of_its_runs(experiment, tmp_path):
    page = (ROOT / 'docs/results.md').read_text()
    between = re.compile(r'(?<= -->\n)[^<]*\n(?=<!-- end -->)')
    emptied, found = between.subn('', page)
    assert found == 4 and len(emptied) < len(page) / 2
    assert not re.search(r'\d\.\d', emptied), 'a figure that no command writes'
    (tmp_path / 'page.md').write_text(emptied)
    # Whichever folds were made last, the page has all.
    results = str(ROOT / 'docs/results.jsonl')
    experiment('--table', '--results', results, '--folds', '0')
    assert (tmp_path / 'page.md').read_text() == page


def test_a_page_without_a_place_for_tables_is_told(experiment, tmp_path):
    page = tmp_path / 'page.md'
    page.write_text('<!-- tables -->\n<!-- end -->\n')
    with pytest.raises(SystemExit, match='page.md has no place for ways: write <!--'):
        experiment('--table')
    page.unlink()
    with pytest.raises(SystemExit):
        experiment('--table')


def test_longer_trainings_have_tables_below_the_others(
    experiment, monkeypatch, tmp_path
):
    calls = []

    def run(job, iterations, out, own):
        calls.append((job.row, iterations))
        unseen = iterations / 200
        lines = [line(*job, unseen), whole(*job, unseen), whole(*job, 50.0, True)]
        length = 0 if 'free' in job.row else iterations
        return [dict(line, iterations=length) for line in lines]

    monkeypatch.setattr(grid, 'run_job', run)
    both = ['LSeg-style', 'NACLIP, training-free']
    for args in (
        ['--rows', *both, '--iterations', '12000'],
        ['--rows', *both],
        ['--table'],
        ['--table', '--iterations', '12000'],
    ):
        experiment(*args, '--seeds', '0', '--folds', '0', '1')
        titles = (tmp_path / 'page.md').read_text().split('### ')[1:]
        tables = {text.splitlines()[0]: text.splitlines()[4:-1] for text in titles}
        assert [row[:23] for row in tables['Trained for 12,000 iterations']] == [
            '| LSeg-style | 60.0 | 6'
        ]
        assert tables['Trained for 12,000 iterations, all names at once'][0].startswith(
            '| LSeg-style: whole vocabulary | 60.0 | 60.0 |'
        )
    assert calls == [
        *[('LSeg-style', 12000)] * 2,
        *[('NACLIP, training-free', 12000)] * 2,
        *[('LSeg-style', 3000)] * 2,
    ]
    assert tables['Baselines'][0].startswith('| LSeg-style | 15.0 | 15.0 |')
    assert 'NACLIP' in tables['Baselines'][1]


def test_what_is_there_is_not_run_again(experiment, monkeypatch, tmp_path):
    calls = []

    def run(job, iterations, out, own):
        calls.append(job)
        return run_of(job)

    monkeypatch.setattr(grid, 'run_job', run)
    args = ['--rows', 'LSeg-style', '--seeds', '0', '--folds']
    experiment(*args, '0')
    experiment(*args, '0', '1')
    assert calls == [('LSeg-style', 0, 0), ('LSeg-style', 1, 0)]
    page = (tmp_path / 'page.md').read_text()
    assert 'one name' not in page and '\nBefore.\n' in page
    assert page.endswith('\nAfter.\n')
    assert '| LSeg-style | 60.0 | 60.0 |' in page and 'stale' not in page
    assert '| LSeg-style: whole vocabulary | 30.0 | 60.0 | 40.0 | 48.0 |' in page
    # A run that was asked one question alone is made again, and its figures stand.
    results = tmp_path / 'results.jsonl'
    first, *others = results.read_text().splitlines(keepends=True)
    assert 'whole' in others[0]
    results.write_text(''.join([first, *others[1:]]))
    experiment(*args, '0')
    assert calls.pop() == ('LSeg-style', 0, 0)
    # Another config is another row.
    results = tmp_path / 'results.jsonl'
    results.write_text(results.read_text().replace('"config": "', '"config": "x'))
    experiment(*args, '0')
    assert len(calls) == 3


def test_a_run_that_fails_is_named_and_the_others_done(
    experiment, monkeypatch, tmp_path
):

    def run(job, iterations, out, own):
        if job.fold == 0:
            raise RuntimeError('no memory')
        return run_of(job)

    monkeypatch.setattr(grid, 'run_job', run)
    with pytest.raises(SystemExit, match='LSeg-style, fold 0, seed 0: no memory'):
        experiment('--rows', 'LSeg-style', '--seeds', '0', '--folds', '0', '1')
    kept = (tmp_path / 'results.jsonl').read_text().splitlines()
    assert {json.loads(x)['fold'] for x in kept} == {1}


def test_training_free_rows_run_once_whatever_the_seed(experiment, monkeypatch):
    calls = []

    def run(job, iterations, out, own):
        calls.append((job.fold, job.seed))
        return [dict(line, iterations=0) for line in run_of(job)]

    monkeypatch.setattr(grid, 'run_job', run)
    for seed in '0', '1':
        experiment('--rows', 'MaskCLIP, training-free', '--seeds', seed, '--folds', '0')
    assert calls == [(0, 0)]


def test_stopped_it_runs_no_more(experiment, monkeypatch):
    calls, stopped = [], threading.Event()

    def run(job, iterations, out, own):
        calls.append(job.fold)
        assert len(calls) == 1 or stopped.wait(60)
        return [line(*job, 60.0)]

    class Pool(ThreadPoolExecutor):
        def shutdown(self, *args, **kwargs):
            super().shutdown(*args, **dict(kwargs, wait=False))
            stopped.set()
            super().shutdown(*args, **kwargs)

    def advance(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(grid, 'run_job', run)
    monkeypatch.setattr(grid, 'ThreadPoolExecutor', Pool)
    monkeypatch.setattr(grid.Progress, 'advance', advance)
    with pytest.raises(KeyboardInterrupt):
        experiment('--rows', 'LSeg-style')
    assert len(calls) <= 2


def test_a_line_cut_short_and_one_of_a_row_that_is_gone(experiment, tmp_path):
    results = tmp_path / 'results.jsonl'
    results.write_text(
        json.dumps(dict(row='gone', fold=0, seed=0, iterations=3000, config='x')) + '\n'
    )
    experiment('--table')
    with results.open('a') as file:
        file.write('{"row": "LSeg-st')
    with pytest.raises(SystemExit, match=r'results.jsonl:2 is no whole line'):
        experiment('--table')


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(miou_unseen=float('nan')), 'jsonl:1 has no miou_unseen but nan'),
        (dict(fb_iou=101), 'jsonl:1 has a fb_iou of 101'),
        (dict(miou_seen=-1), 'jsonl:1 has a miou_seen of -1'),
        (dict(fold=[0]), 'jsonl:1 is of .* which is no run'),
        ('[1]', 'jsonl:1 is no line of figures'),
        ('5', 'no line of figures'),
        ('{}', "jsonl:1 is no line of figures: it has no 'row'"),
        ('[' * 100_000, 'jsonl:1 is no whole line of JSON'),
        (b'\xff', 'jsonl:1 is no whole line of JSON'),
        (dict(miou_unseen=...), 'LSeg-style, fold 0, seed 0 has no miou_unseen'),
        (dict(row='LSeg-style: whole vocabulary'), 'vocabulary, .* has no hIoU'),
        (dict(hIoU=101), 'jsonl:1 has a hIoU of 101'),
    ],
)
def test_lines_that_are_none_are_named(experiment, tmp_path, change, message):
    if isinstance(change, dict):
        content = {**line('LSeg-style', 0, 0, 60.0), **change}
        content['config'] = rows.fingerprints()[content['row']]
        change = json.dumps({k: v for k, v in content.items() if v is not ...})
    data = change if isinstance(change, bytes) else change.encode()
    (tmp_path / 'results.jsonl').write_bytes(data)
    with pytest.raises(SystemExit, match=message):
        experiment('--table')


def test_nothing_is_glued_to_a_last_line(tmp_path):
    path = tmp_path / 'new/results.jsonl'
    one = line('LSeg-style', 0, 0, 60.0)
    append_lines(path, [one])
    path.write_bytes(path.read_bytes()[:-1])  # killed before its end
    append_lines(path, [dict(one, fold=1), dict(one, fold=2)])
    assert [x['fold'] for x in read_lines(path, 3000)] == [0, 1, 2]
    path.write_bytes(path.read_bytes()[:-9])
    append_lines(path, [one])
    with pytest.raises(ValueError, match='jsonl:3 is no whole line'):
        read_lines(path, 3000)


def test_a_page_is_whole_or_as_it_was(experiment, monkeypatch, tmp_path):
    page = tmp_path / 'page.md'

    def replace(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr('os.replace', replace)
    with pytest.raises(KeyboardInterrupt):
        experiment('--table')
    assert page.read_text() == PAGE


@pytest.mark.parametrize(
    'args',
    [
        ('--folds', '4'),
        ('--ablation-folds', '-1'),
        ('--jobs', '0'),
        ('--iterations', '0'),
    ],
)
def test_options_out_of_range_are_refused(experiment, args, capsys):
    with pytest.raises(SystemExit):
        experiment(*args)
    assert args[0] in capsys.readouterr().err
