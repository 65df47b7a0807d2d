"""Rows of strangers in the study of Shapes-5i: taken, run, kept apart."""

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmseg_clsclip.experiments import grid, rows
from mmseg_clsclip.experiments.grid import Job, plan
from mmseg_clsclip.experiments.own_rows import read_own_rows
from mmseg_clsclip.experiments.tables import tables

ROOT = Path(__file__).parents[2]
BASE = "_base_ = 'mmseg_clsclip::{}'\n"
HEAD = BASE.format('baselines/lseg_shapes-5i_fold0.py')


@pytest.fixture
def write(tmp_path):
    """Write a config that inherits from LSeg-style's."""

    def _write(more='', base=HEAD, name='mine.py'):
        path = tmp_path / name
        path.write_text(base + more)
        return str(path)

    return _write


@pytest.fixture
def experiment(monkeypatch, tmp_path):
    """The tool, as it is called in a folder with a page and the study's figures."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools/shapes'))
    monkeypatch.chdir(tmp_path)
    tool = importlib.import_module('experiment')
    for name in ('results.jsonl', 'results.md'):
        (tmp_path / 'docs').mkdir(exist_ok=True)
        (tmp_path / 'docs' / name).write_bytes((ROOT / 'docs' / name).read_bytes())
    return lambda *args: tool.main(['--jobs', '1', *args])


def test_what_is_a_methods_own_may_be_other(write):
    mine = write(
        "model = dict(decode_head=dict(type='FiLMHead'))\n"
        'optim_wrapper = dict(optimizer=dict(lr=1e-3))\n'
        'train_dataloader = dict(num_workers=0, dataset=dict(pipeline=[]))\n'
        'test_dataloader = dict(batch_size=7, dataset=dict(pipeline=[]))\n'
    )
    free = write(
        name='free.py', base=BASE.format('baselines/naclip_shapes-5i_fold0.py')
    )
    own = read_own_rows([('a', mine), ('b', free)])
    assert own == dict(a=Path(mine), b=Path(free))
    # The former is trained by every seed, the latter tested once.
    jobs = plan([], own, [0], [0], [0, 1], own)
    assert jobs == [('a', 0, 0), ('b', 0, 0), ('a', 0, 1)]


@pytest.mark.parametrize(
    'more, message',
    [
        (
            'test_dataloader = dict(dataset=dict(dataset=dict(length=50)))',
            'test_dataloader.dataset.dataset.length is 50, and in the study 500',
        ),
        (
            "train_dataloader = dict(dataset=dict(novel_handling='keep'))",
            "novel_handling is 'keep', and in the study 'drop_image'",
        ),
        ('train_dataloader = dict(batch_size=64)', 'batch_size is 64'),
        ('test_dataloader = dict(dataset=dict(min_area=1))', 'min_area is 1, '),
        (
            "train_dataloader = dict(dataset=dict(novel_classes=['red ring']))",
            r"novel_classes is \['red ring'\], and in the study None",
        ),
        ("test_evaluator = dict(type='IoUMetric')", "type is 'IoUMetric'"),
        ("train_cfg = dict(type='EpochBasedTrainLoop')", 'train_cfg.type'),
        ("custom_imports = dict(imports=['nobodys'])", 'cannot be read.*PYTHONPATH'),
        ('1 / 0', 'cannot be read, ZeroDivisionError'),
    ],
)
def test_a_config_that_is_none_of_the_study_is_refused(write, more, message):
    with pytest.raises(ValueError, match=f"(?s)^--row 'x' .*mine.py: .*{message}"):
        read_own_rows([('x', write(more))])


def test_names_that_are_taken_or_none_and_configs_that_are_not_there(write):
    mine = write()
    for taken in ('ClsCLIP', 'LSeg-style', 'ClsCLIP+, boxes: self'):
        with pytest.raises(ValueError, match='there is a row of that name'):
            read_own_rows([(taken, mine)])
    with pytest.raises(ValueError, match="--row 'x' .*: there is a row of that name"):
        read_own_rows([('x', mine), ('x', write(name='other.py'))])
    with pytest.raises(ValueError, match='a row has a name'):
        read_own_rows([(' ', mine)])
    with pytest.raises(ValueError, match="'x' gone.py: there is no such file"):
        read_own_rows([('x', 'gone.py')])
    plus = BASE.format('clsclip_plus/clsclip-plus_shapes-5i_fold0.py')
    with pytest.raises(ValueError, match='ZoomIn has no training of its own'):
        read_own_rows([('x', write(base=plus))])


def test_a_class_that_has_changed_is_another_row(write, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / 'own_module.py'
    module.write_text('# one\n')
    path = Path(write("custom_imports = dict(imports=['own_module'])"))
    one = rows.fingerprint(path)
    rows.fingerprint.cache_clear()
    assert rows.fingerprint(path) == one
    module.write_text('# two\n')
    rows.fingerprint.cache_clear()
    assert rows.fingerprint(path) != one
    del sys.modules['own_module']


def test_two_rows_whose_configs_have_one_name_share_no_folder(
    write, tmp_path, monkeypatch
):
    folders, trained, tested = [], [], []

    def train(command, **kwargs):
        folder = Path(command[command.index('--work-dir') + 1])
        folder.mkdir(parents=True)
        (folder / 'last_checkpoint').write_text('head.pth')
        folders.append(folder)
        trained.append(command[2])
        return SimpleNamespace(returncode=0)

    def test(run, work_dir):
        tested.append(run)
        return dict(miou_unseen=50)

    monkeypatch.setattr('subprocess.run', train)
    monkeypatch.setattr(grid, 'run_test', test)
    monkeypatch.setattr(grid, 'ask_whole_vocabulary', lambda *args: [])
    (tmp_path / 'b').mkdir()
    own = {'a/1 | x': Path(write()), 'b': Path(write(name='b/mine.py'))}
    for row, config in own.items():
        (line,) = grid.run_job(Job(row, 2, 1), 40, tmp_path / 'runs', own)
        assert (line['row'], line['fold'], line['miou_unseen']) == (row, 2, 50)
        assert trained[-1] == tested[-1].config == str(config)
    assert len(set(folders)) == 2
    assert {folder.parent for folder in folders} == {tmp_path / 'runs'}


def test_it_stands_below_the_baselines_and_nothing_of_the_projects_changes(
    experiment, write, tmp_path, monkeypatch, capsys
):
    mine = write()
    calls = []

    def run(job, iterations, out, own):
        calls.append(job)
        of_run = dict(fold=job.fold, seed=job.seed, iterations=iterations)
        return [
            dict(of_run, row=name, config=rows.fingerprints(own)[name], **figures)
            for name, figures in {
                job.row: dict(miou_unseen=99.0),
                **dict.fromkeys(
                    rows.whole_tests_of(job.row), dict(mIoU=40.0, hIoU=30.0)
                ),
            }.items()
        ]

    monkeypatch.setattr(grid, 'run_job', run)
    before = {path: path.read_bytes() for path in (tmp_path / 'docs').iterdir()}
    args = ['--row', 'a | b', mine, '--folds', '0', '--seeds', '0', '1']
    for _ in range(2):  # what is there is not run again
        experiment(*args)
    assert calls == [('a | b', 0, 0), ('a | b', 0, 1)]
    out = capsys.readouterr().out
    assert r'| a \| b | 99.0 | 99.0 ± 0.0 |  |  |  | 2 of 2 | 2 of 2 | 2 |' in out
    assert '| LSeg-style | 65.7 |' in out and 'Ablations' not in out
    assert {path: path.read_bytes() for path in before} == before
    written = (tmp_path / 'work_dirs/experiment/rows.jsonl').read_text().splitlines()
    assert [json.loads(line)['seed'] for line in written] == [0, 0, 0, 1, 1, 1]
    assert r'| a \| b: whole vocabulary, presence | 40.0 ± 0.0 |' in out
    # Of another length the project's figures are not beside it, unless made.
    experiment(*args, '--rows', 'ClsCLIP', '--iterations', '40')
    out = capsys.readouterr().out
    assert calls[2:4] == [('ClsCLIP', 0, 0), ('a | b', 0, 0)]
    assert '| ClsCLIP | 99.0 |' in out and 'LSeg-style' not in out
    with pytest.raises(SystemExit, match='there is a row of that name'):
        experiment('--row', 'ClsCLIP', mine)


def test_a_trial_of_another_length_leaves_the_page_alone(
    experiment, monkeypatch, tmp_path, capsys
):
    def run(job, iterations, out, own):
        figures = dict(fold=0, seed=0, iterations=iterations, miou_unseen=99.0)
        return [dict(figures, row=job.row, config=rows.fingerprints()[job.row])]

    monkeypatch.setattr(grid, 'run_job', run)
    before = {path: path.read_bytes() for path in (tmp_path / 'docs').iterdir()}
    args = [
        '--rows',
        'LSeg-style',
        '--folds',
        '0',
        '--seeds',
        '0',
        '--iterations',
        '40',
    ]
    experiment(*args)
    assert {path: path.read_bytes() for path in before} == before
    assert (tmp_path / 'work_dirs/experiment/rows.jsonl').is_file()
    assert '| LSeg-style | 99.0 | ' in capsys.readouterr().out


def test_without_rows_of_strangers_the_tables_are_the_pages():
    titles = [
        line
        for line in tables(
            [dict(row='ClsCLIP', fold=0, seed=0, miou_unseen=1.0)], [0], [0]
        ).splitlines()
        if line.startswith('#')
    ]
    assert titles == ['### Baselines', '### Zoom-in', '### Ablations']
