"""tools/shapes/experiment.py: what is run, what is not run again, tables."""

import importlib
import json
import platform
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config

from mmseg_clsclip.experiments import grid, heads, rows, shipped, tool_runs
from mmseg_clsclip.experiments.grid import Job
from mmseg_clsclip.experiments.results_file import append_lines, read_lines
from mmseg_clsclip.experiments.tables import summary, tables

ROOT = Path(__file__).parents[2]


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

    def _experiment(*args):
        tool.main([*map(str, files), '--jobs', '1', *args])

    return _experiment


def test_rows_differ_in_what_they_say_they_do():
    trained = {}
    for row in {**rows.BASELINES, **rows.ABLATIONS, **rows.FOUR_NAMES}:
        cfg = Config.fromfile(rows.config_of(row))
        reference = Config.fromfile(rows.config_of('ClsCLIP'))
        rate = cfg.optim_wrapper.optimizer.pop('lr')
        other = reference.optim_wrapper.optimizer.pop('lr')
        assert (rate != other) == ('learning rate' in row), row
        cfg = cfg.to_dict()
        model = cfg.pop('model')
        trained[row] = json.dumps([model, rate], default=str)
        for key in ('data_preprocessor', 'custom_imports'):
            cfg.pop(key, None)
        # The same data, budget, optimiser and seed for all.
        for key, value in cfg.items():
            same = value == reference.get(key)
            if row in rows.FOUR_NAMES and key in ('train_dataloader', 'train_pipeline'):
                assert not same
            else:
                assert same, (row, key)
    assert len(set(trained.values())) == len(trained)


def test_a_fingerprint_is_of_all_that_a_config_says(tmp_path):
    prints = {rows.fingerprint(rows.config_of(row)) for row in rows.ROWS}
    assert len(prints) == len(rows.ROWS)
    base = rows.config_of('ClsCLIP')
    plain = rows.fingerprint(base)
    for name, more, same in (
        ('same', '', True),
        ('drawn', 'visualizer = dict(alpha=0.5)', True),
        ('kept', 'default_hooks = dict(checkpoint=dict(interval=7))', True),
        ('averaged', 'custom_hooks = []', False),
        ('other', 'train_cfg = dict(max_iters=7)', False),
    ):
        config = tmp_path / f'{name}.py'
        config.write_text(f'_base_ = {str(base)!r}\n{more}')
        assert (rows.fingerprint(config) == plain) == same


def test_the_runs_of_the_page_are_those_of_todays_configs():
    path = ROOT / 'docs/results.jsonl'
    longer = [x for x in read_lines(path, rows.LONGER) if x['iterations']]
    kept = len(read_lines(path, rows.SHORT)) + len(longer)
    assert kept == len(path.read_text().splitlines())


def test_the_tables_of_the_page_are_made_of_its_runs(experiment, tmp_path):
    page = (ROOT / 'docs/results.md').read_text()
    (tmp_path / 'page.md').write_text(page)
    experiment('--table', '--results', str(ROOT / 'docs/results.jsonl'))
    assert (tmp_path / 'page.md').read_text() == page


def test_a_run_trains_and_tests_the_fold_and_seed_it_is_of(tmp_path, monkeypatch):
    commands, tested = [], []

    def train(command, **kwargs):
        commands.append(command)
        work_dir = Path(command[command.index('--work-dir') + 1])
        work_dir.mkdir(parents=True)
        (work_dir / 'last_checkpoint').write_text('head.pth')
        return SimpleNamespace(returncode=0)

    def test(run, work_dir):
        tested.append(run)
        return dict(miou_unseen=len(tested))

    def ask(row, config, fold, checkpoint, work_dir):
        assert (row, config, fold, checkpoint) == (
            'ClsCLIP',
            rows.config_of('ClsCLIP'),
            3,
            'head.pth',
        )
        return [dict(row=name, mIoU=50) for name in rows.whole_tests_of(row)]

    monkeypatch.setattr('subprocess.run', train)
    monkeypatch.setattr(grid, 'run_test', test)
    monkeypatch.setattr(grid, 'ask_whole_vocabulary', ask)
    lines = grid.run_job(Job('ClsCLIP', 3, 2), 40, tmp_path)
    assert {
        'randomness.seed=2',
        'train_cfg.max_iters=40',
        'train_dataloader.dataset.dataset.fold=3',
    } < set(commands[0])
    assert commands[0][2] == str(rows.config_of('ClsCLIP'))
    assert [run.config for run in tested] == [
        str(path) for path in rows.tests_of('ClsCLIP').values()
    ]
    for run in tested:
        assert run.checkpoint == 'head.pth'
        assert run.options == ['test_dataloader.dataset.dataset.fold=3']
    # A seed holds no run fast on another processor or with another torch.
    assert {line['machine'] for line in lines} == {
        f'{platform.machine()} {torch.backends.cpu.get_cpu_capability()}, '
        f'torch {torch.__version__}'
    }
    *lines, plain, presence = lines
    for number, (row, one) in enumerate(
        zip(rows.tests_of('ClsCLIP'), lines, strict=True), 1
    ):
        assert (one['row'], one['fold'], one['seed']) == (row, 3, 2)
        assert one['miou_unseen'] == number and one['iterations'] == 40
    for one, name in (plain, ''), (presence, ', presence'):
        assert one['row'] == f'ClsCLIP: whole vocabulary{name}' and one['mIoU'] == 50
        assert (one['fold'], one['seed'], one['iterations']) == (3, 2, 40)


def test_each_fold_is_evaluated_with_its_own_head(monkeypatch, tmp_path):
    asked = []

    def test(run, work_dir, threads):
        fold = int(Path(run.checkpoint).stem[-1])
        name = Path(run.config).stem
        asked.append((name, fold))
        if '15-5' in name:
            assert run.options == (f'test_dataloader.dataset.fold={fold}',)
            whole = dict(mIoU=10 + fold, mIoU_seen=15 + fold, mIoU_unseen=5, hIoU=8)
            if 'presence' in name:
                assert name.endswith(f'presence_shapes-15-5_fold{fold}')
                return dict(whole, mIoU=70, names_asked=2)
            return whole
        if 'plus' in name:
            assert run.options == (f'test_dataloader.dataset.dataset.fold={fold}',)
            return dict(
                miou_unseen=20 + fold,
                miou_unseen_small=30 + fold,
                protocol=dict(proposals=name),
            )
        assert not run.options and name.endswith(f'fold{fold}')
        return dict(
            miou_seen=50, miou_unseen=40 + fold, miou_unseen_small=30, fb_iou=60 + fold
        )

    monkeypatch.setattr(tool_runs, 'run_test', test)
    models, plus = shipped.evaluate(tmp_path)
    assert len(asked) == len(set(asked)) == 4 * (2 + 4 + 4)
    assert list(models) == [
        *('ClsCLIP', 'ClsCLIP, presence', 'ClsCLIP-gate', 'ClsCLIP-gate, presence')
    ]
    sure = models['ClsCLIP, presence']
    assert sure['fold2']['miou_whole'] == 70 and sure['mean']['names_asked'] == 2
    assert sure['fold2']['miou_unseen'] == 42
    rows = models['ClsCLIP']
    assert list(rows) == [*(f'fold{k}' for k in range(4)), 'mean']
    assert [rows[f'fold{k}']['miou_unseen'] for k in range(4)] == [40, 41, 42, 43]
    assert rows['fold2']['miou_whole'] == 12
    assert rows['mean'] == dict(
        miou_seen=50,
        miou_unseen=41.5,
        miou_unseen_small=30,
        fb_iou=61.5,
        miou_whole=11.5,
        miou_whole_seen=16.5,
        miou_whole_unseen=5,
        hiou_whole=8,
    )
    assert len(plus) == 4 and len({p['proposals'] for p in plus.values()}) == 4
    for row in plus.values():
        assert row['miou_unseen'] == 21.5 and row['miou_unseen_small'] == 31.5


def test_models_stand_in_one_table_each_with_what_it_has(capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '140')  # of the terminal
    episodes = dict.fromkeys(('miou_seen', 'miou_unseen', 'miou_unseen_small'), 50.0)
    plain = dict(episodes, fb_iou=60.0, miou_whole=38.3)
    rows = dict(
        ClsCLIP=dict(mean=plain), other=dict(mean=dict(plain, names_asked=2.66))
    )
    plus = dict(a=dict(episodes, proposals='boxes'))

    def printed():
        cells = (line.split('│')[1:-1] for line in capsys.readouterr().out.splitlines())
        return [[cell.strip() for cell in line] for line in cells if line]

    shipped.print_tables(rows, plus)
    one, other, *_, source = printed()
    assert one == ['ClsCLIP, mean', '50.0', '50.0', '50.0', '60.0', '38.3', '-']
    assert other == ['other, mean', '50.0', '50.0', '50.0', '60.0', '38.3', '2.7']
    assert source == ['boxes', '50.0', '50.0']
    # Where errors are known of all they have a table.
    for of_model in rows.values():
        of_model['mean'].update(object_right=80.0, object_missed=9.0)
    shipped.print_tables(rows, plus)
    assert ['other', '80.0', '9.0'] in printed()
    # Without a model that chooses names there is no column of them.
    del rows['other']
    shipped.print_tables(rows, plus)
    assert printed()[0] == one[:-1]


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
        whole(row, 0, seed, 30 + gain * (seed + presence), presence)
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


def test_all_names_at_once_have_a_table_of_their_own():
    lines = [
        whole('LSeg-style', fold, seed, 30 + fold + seed, presence, **asked)
        for presence, asked in ((False, {}), (True, dict(names_asked=2.5)))
        for fold in (0, 1)
        for seed in (0, 1, 2)
    ]
    (table,) = tables(lines, range(4), (0, 1)).split('###')[1:]
    assert table.splitlines()[4:-1] == [
        f'| LSeg-style: whole vocabulary{name} | 31.5 ± 1.0 | 60.0 ± 0.0 | '
        f'40.0 ± 0.0 | 48.0 ± 0.0 | {asked} |  |  | 3 | 0.1 |'
        for name, asked in (('', ''), (', presence', '2.5 ± 0.0'))
    ]
    # A fold without a line is in no mean.
    (table,) = tables(lines[:1], range(4), (0, 1)).split('###')[1:]
    assert table.endswith(
        '| LSeg-style: whole vocabulary |  |  |  |  |  |  |  | 0 | 0.1 |\n\n'
    )


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
    (tmp_path / 'page.md').write_text('<!-- tables -->\n<!-- end -->\n')
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
    (tmp_path / 'page.md').write_text(
        '<!-- claims -->\n<!-- end -->\n'
        'Before.\n<!-- tables -->\nstale\n<!-- end -->\nAfter.\n'
    )
    args = ['--rows', 'LSeg-style', '--seeds', '0', '--folds']
    experiment(*args, '0')
    experiment(*args, '0', '1')
    assert calls == [('LSeg-style', 0, 0), ('LSeg-style', 1, 0)]
    page = (tmp_path / 'page.md').read_text()
    assert page.startswith('<!-- claims -->\n\n<!-- end -->\nBefore.\n')
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
        (dict(row='LSeg-style: whole vocabulary'), 'vocabulary, .* has no mIoU'),
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
    page.write_text('<!-- tables -->\nold\n<!-- end -->\n')

    def replace(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr('os.replace', replace)
    with pytest.raises(KeyboardInterrupt):
        experiment('--table')
    assert 'old' in page.read_text()


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


def test_a_tests_result_is_read_as_all_are(monkeypatch, tmp_path):
    run = tool_runs.TestRun('config.py', 'none')
    monkeypatch.setattr(tool_runs, 'run_tool', lambda *args, **kwargs: None)
    path = tmp_path / 'now/now.json'
    path.parent.mkdir()
    path.write_text('{"a/mIoU": 40.0, "a/protocol": {"views": 1}}')
    assert tool_runs.run_test(run, tmp_path) == dict(mIoU=40.0, protocol=dict(views=1))
    path.write_text('{"mIoU": 40, "protocol": {"random_weights": true}}')
    with pytest.raises(ValueError, match='means NOTHING.*in no table'):
        tool_runs.run_test(run, tmp_path)
    path.write_text('{"mIoU": 40')
    with pytest.raises(ValueError, match='not a whole JSON'):
        tool_runs.run_test(run, tmp_path)


def test_a_published_checkpoint_remembers_what_was_seen(tmp_path):
    dataset_meta = dict(
        classes=('a', 'b'),
        palette=[[0, 0, 0]],
        base_classes=('a',),
        protocol=dict(fold=0),
        more=1,
    )
    meta = dict(
        dataset_meta=dataset_meta, iter=3, seed=0, time='now', seen_classes=['a', 'c']
    )
    content = dict(meta=meta, state_dict=dict(x=torch.zeros(1)), optimizer={})
    torch.save(content, tmp_path / 'in.pth')
    heads.publish_head(tmp_path / 'in.pth', tmp_path / 'out.pth')
    kept = torch.load(tmp_path / 'out.pth', weights_only=True)
    assert kept['meta']['seen_classes'] == ['a', 'c']
    assert 'more' not in kept['meta']['dataset_meta']
    assert set(kept) == {'meta', 'state_dict'}
    # Or that nobody knows it.
    assert 'trained_on' not in kept['meta']
    meta['trained_on'] = 'unknown'
    torch.save(content, tmp_path / 'in.pth')
    heads.publish_head(tmp_path / 'in.pth', tmp_path / 'out.pth')
    kept = torch.load(tmp_path / 'out.pth', weights_only=True)
    assert kept['meta']['trained_on'] == 'unknown'
