"""A run of the study: what is trained, tested and written down."""

import platform
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from mmseg_clsclip.experiments import grid, rows
from mmseg_clsclip.experiments.grid import Job, plan


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

    def ask(tests, config, fold, checkpoint, work_dir):
        assert tests == rows.tests_of('ClsCLIP')
        asked = config, fold, checkpoint
        assert asked == (rows.config_of('ClsCLIP'), 3, 'head.pth')
        names = [name for test in tests for name in rows.whole_tests_of(test)]
        return [dict(row=name, mIoU=50) for name in names]

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
    tests = rows.tests_of('ClsCLIP')
    one_name, all_names = lines[: len(tests)], lines[len(tests) :]
    for number, (row, one) in enumerate(zip(tests, one_name, strict=True), 1):
        assert (one['row'], one['fold'], one['seed']) == (row, 3, 2)
        assert one['miou_unseen'] == number and one['iterations'] == 40
    asked = [
        f'{test}: whole vocabulary{p}' for test in tests for p in ('', ', presence')
    ]
    assert [one['row'] for one in all_names] == asked
    for one in all_names:
        assert (one['fold'], one['seed'], one['iterations']) == (3, 2, 40)
        assert one['mIoU'] == 50


def test_a_run_lacks_what_its_zoom_in_was_not_asked():
    names = rows.fingerprints()
    ours = [name for name in names if name.startswith(('ClsCLIP:', 'ClsCLIP+'))]
    assert len(ours) == 4 + 2 * 5
    run = dict(fold=0, seed=0)
    lines = [dict(run, row=name) for name in (*ours, 'ClsCLIP')]
    assert not plan(lines, ['ClsCLIP'], [0], [0], [0])
    for missing in ours:
        others = [line for line in lines if line['row'] != missing]
        assert plan(others, ['ClsCLIP'], [0], [0], [0]) == [('ClsCLIP', 0, 0)]


def test_a_run_is_planned_once():
    jobs = plan([], ['LSeg-style'] * 2, [0, 0], [0], [1, 1])
    assert jobs == [('LSeg-style', 0, 1)]


def test_another_call_in_the_same_folder_is_refused(tmp_path, monkeypatch):
    jobs, results, calls = [Job('LSeg-style', 0, 0)], tmp_path / 'lines.jsonl', []

    def run(job, *args):
        calls.append(job)
        with pytest.raises(ValueError, match=f'Another process writes to {folder}'):
            grid.execute(jobs, 40, folder, results, 1)
        return [dict(row=job.row)]

    folder = tmp_path / 'runs'
    monkeypatch.setattr(grid, 'run_job', run)
    for number in (1, 2):  # one after the other they may
        assert grid.execute(jobs, 40, folder, results, 1) == []
        assert len(calls) == len(results.read_text().splitlines()) == number
