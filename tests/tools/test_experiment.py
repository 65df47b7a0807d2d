"""tools/shapes/experiment.py: what is run, what is not run again, tables."""

import importlib
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config

TOOLS = Path(__file__).parents[2] / 'tools/shapes'


@pytest.fixture
def experiment(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module('experiment')


def line(experiment, row, fold, seed, unseen, **more):
    owner = 'ClsCLIP' if row.startswith('ClsCLIP+') else row
    config = experiment.fingerprint(
        experiment.config_of(owner), experiment.tests_of(owner)[row]
    )
    return dict(
        row=row,
        fold=fold,
        seed=seed,
        iterations=3000,
        config=config,
        miou_unseen=unseen,
        miou_seen=70.0,
        fb_iou=80.0,
        miou_unseen_small=50.0,
        train_seconds=1,
        **more,
    )


def run_main(experiment, monkeypatch, tmp_path, *args):
    monkeypatch.setattr(
        sys,
        'argv',
        [
            'experiment.py',
            '--results',
            str(tmp_path / 'results.jsonl'),
            '--page',
            str(tmp_path / 'page.md'),
            '--jobs',
            '1',
            *args,
        ],
    )
    experiment.main()


def test_rows_differ_in_what_they_say_they_do(experiment):
    rows = {**experiment.BASELINES, **experiment.ABLATIONS}
    trained = {}
    for row in rows:
        cfg = Config.fromfile(experiment.config_of(row))
        reference = Config.fromfile(experiment.config_of('ClsCLIP'))
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
            assert value == reference.get(key), (row, key)
    assert len(set(trained.values())) == len(trained)


def test_a_fingerprint_is_of_all_that_a_config_says(experiment, tmp_path):
    prints = {
        experiment.fingerprint(experiment.config_of(row)) for row in experiment.CONFIGS
    }
    assert len(prints) == len(experiment.CONFIGS)
    base = experiment.config_of('ClsCLIP')
    plain = experiment.fingerprint(base)
    for name, more, same in (
        ('same', '', True),
        ('drawn', 'visualizer = dict(alpha=0.5)', True),
        ('kept', 'default_hooks = dict(checkpoint=dict(interval=7))', True),
        ('averaged', 'custom_hooks = []', False),
        ('other', 'train_cfg = dict(max_iters=7)', False),
    ):
        config = tmp_path / f'{name}.py'
        config.write_text(f'_base_ = {str(base)!r}\n{more}')
        assert (experiment.fingerprint(config) == plain) == same


def test_a_run_trains_and_tests_the_fold_and_seed_it_is_of(
    experiment, tmp_path, monkeypatch
):
    commands, tested = [], []

    def train(command, **kwargs):
        commands.append(command)
        work_dir = Path(command[command.index('--work-dir') + 1])
        work_dir.mkdir(parents=True)
        (work_dir / 'last_checkpoint').write_text('head.pth')
        return SimpleNamespace(returncode=0)

    def test(config, checkpoint, work_dir, threads, options):
        tested.append((Path(config).stem, checkpoint, options))
        return dict(miou_unseen=len(tested))

    monkeypatch.setattr('subprocess.run', train)
    monkeypatch.setattr(experiment, 'run_test', test)
    lines = experiment.run('ClsCLIP', 3, 2, 40, tmp_path)
    assert {
        'randomness.seed=2',
        'train_cfg.max_iters=40',
        'train_dataloader.dataset.dataset.fold=3',
    } < set(commands[0])
    assert commands[0][2] == str(experiment.config_of('ClsCLIP'))
    assert [config for config, *_ in tested] == [
        path.stem for path in experiment.tests_of('ClsCLIP').values()
    ]
    for _, checkpoint, options in tested:
        assert checkpoint == 'head.pth'
        assert options == ['test_dataloader.dataset.dataset.fold=3']
    for number, (row, one) in enumerate(
        zip(experiment.tests_of('ClsCLIP'), lines, strict=True), 1
    ):
        assert (one['row'], one['fold'], one['seed']) == (row, 3, 2)
        assert one['miou_unseen'] == number and one['iterations'] == 40


def test_each_fold_is_evaluated_with_its_own_head(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(TOOLS))
    evaluate = importlib.import_module('evaluate')

    def test(config, checkpoint, work_dir, threads, options):
        fold = int(Path(checkpoint).stem[-1])
        name = Path(config).stem
        if 'whole' in name:
            return dict(mIoU=10 + fold)
        if 'plus' in name:
            assert options == [f'test_dataloader.dataset.dataset.fold={fold}']
            return dict(
                miou_unseen=20 + fold,
                miou_unseen_small=30 + fold,
                protocol=dict(proposals=name),
            )
        assert not options and name.endswith(f'fold{fold}')
        return dict.fromkeys(evaluate.COLUMNS, 40 + fold)

    monkeypatch.setattr(evaluate, 'run_test', test)
    rows, plus = evaluate.evaluate(tmp_path)
    assert [rows[f'fold{k}']['miou_unseen'] for k in range(4)] == [40, 41, 42, 43]
    assert rows['fold2']['miou_whole'] == 12
    assert rows['mean'] == dict.fromkeys(rows['mean'], 41.5) | dict(miou_whole=11.5)
    assert len(plus) == 4 and len({p['proposals'] for p in plus.values()}) == 4
    for row in plus.values():
        assert row['miou_unseen'] == 21.5 and row['miou_unseen_small'] == 31.5


def test_mean_and_spread_are_over_seeds_of_the_mean_over_folds(experiment):
    lines = [
        line(experiment, 'ClsCLIP', fold, seed, 60 + 4 * fold + seed)
        for fold in (0, 1)
        for seed in (0, 1, 2)
    ]
    cells = experiment.summary(lines, 'ClsCLIP', (0, 1))
    assert cells[:4] == ['ClsCLIP', '61.0', '65.0', '63.0 ± 1.0']
    # A seed without all folds is in the folds' columns alone.
    cells = experiment.summary(lines[:-1], 'ClsCLIP', (0, 1))
    assert cells[3] == '62.5 ± 0.7' and cells[-2:] == ['', '2']


def test_who_is_ahead_in_runs_of_the_same_fold_and_seed(experiment):
    lines = [
        line(experiment, row, fold, seed, 60 + fold + gain * seed)
        for row, gain in (('ClsCLIP', 1), ('LSeg-style', 2))
        for fold in (0, 1)
        for seed in (0, 1, 2)
    ]
    other = line(experiment, 'LSeg-style', 1, 3, 99)  # ClsCLIP has no such run
    cells = experiment.summary([*lines, other], 'LSeg-style', (0, 1))
    assert cells[-2:] == ['4 of 6', '3']
    assert experiment.summary(lines, 'LSeg-style', (1,))[-2:] == ['2 of 3', '3']


def test_means_within_a_table_are_of_the_same_folds(experiment):
    lines = [line(experiment, 'ClsCLIP', fold, 0, 60 + 4 * fold) for fold in range(4)]
    lines += [line(experiment, 'ClsCLIP, block 0', 0, 0, 50)]
    baselines, zoom_in, ablations = experiment.tables(lines, range(4), (0, 1)).split(
        '###'
    )[1:]
    assert '| ClsCLIP | 60.0 | 64.0 | 68.0 | 72.0 | 66.0 |' in baselines
    assert '| ClsCLIP | 60.0 | 64.0 | 68.0 | 72.0 | 66.0 |' in zoom_in
    assert '| ClsCLIP | 60.0 | 64.0 | 62.0 |' in ablations
    assert '| ClsCLIP, block 0 | 50.0 |  |  |' in ablations


def test_what_is_there_is_not_run_again(experiment, monkeypatch, tmp_path):
    calls = []

    def run(row, fold, seed, iterations, out):
        calls.append((row, fold, seed))
        return [line(experiment, row, fold, seed, 60.0)]

    monkeypatch.setattr(experiment, 'run', run)
    (tmp_path / 'page.md').write_text(
        'Before.\n<!-- tables -->\nstale\n<!-- end -->\nAfter.\n'
    )
    args = ['--rows', 'LSeg-style', '--seeds', '0', '--folds']
    run_main(experiment, monkeypatch, tmp_path, *args, '0')
    run_main(experiment, monkeypatch, tmp_path, *args, '0', '1')
    assert calls == [('LSeg-style', 0, 0), ('LSeg-style', 1, 0)]
    page = (tmp_path / 'page.md').read_text()
    assert page.startswith('Before.\n') and page.endswith('\nAfter.\n')
    assert '| LSeg-style | 60.0 | 60.0 |' in page and 'stale' not in page
    # Another config is another row.
    results = tmp_path / 'results.jsonl'
    results.write_text(results.read_text().replace('"config": "', '"config": "x'))
    run_main(experiment, monkeypatch, tmp_path, *args, '0')
    assert len(calls) == 3


def test_a_run_that_fails_is_named_and_the_others_done(
    experiment, monkeypatch, tmp_path
):

    def run(row, fold, seed, iterations, out):
        if fold == 0:
            raise RuntimeError('no memory')
        return [line(experiment, row, fold, seed, 60.0)]

    monkeypatch.setattr(experiment, 'run', run)
    with pytest.raises(SystemExit, match='no memory'):
        run_main(
            experiment,
            monkeypatch,
            tmp_path,
            '--rows',
            'LSeg-style',
            '--seeds',
            '0',
            '--folds',
            '0',
            '1',
        )
    kept = (tmp_path / 'results.jsonl').read_text().splitlines()
    assert [json.loads(x)['fold'] for x in kept] == [1]


def test_training_free_rows_run_once_whatever_the_seed(
    experiment, monkeypatch, tmp_path
):
    calls = []

    def run(row, fold, seed, iterations, out):
        calls.append((fold, seed))
        return [dict(line(experiment, row, fold, seed, 60.0), iterations=0)]

    monkeypatch.setattr(experiment, 'run', run)
    for seed in '0', '1':
        run_main(
            experiment,
            monkeypatch,
            tmp_path,
            '--rows',
            'MaskCLIP, training-free',
            '--seeds',
            seed,
            '--folds',
            '0',
        )
    assert calls == [(0, 0)]


def test_stopped_it_runs_no_more(experiment, monkeypatch, tmp_path):
    calls, stopped = [], threading.Event()

    def run(row, fold, seed, iterations, out):
        calls.append(fold)
        assert len(calls) == 1 or stopped.wait(60)
        return [line(experiment, row, fold, seed, 60.0)]

    class Pool(ThreadPoolExecutor):
        def shutdown(self, *args, **kwargs):
            super().shutdown(*args, **dict(kwargs, wait=False))
            stopped.set()
            super().shutdown(*args, **kwargs)

    def advance(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, 'run', run)
    monkeypatch.setattr(experiment, 'ThreadPoolExecutor', Pool)
    monkeypatch.setattr(experiment.Progress, 'advance', advance)
    with pytest.raises(KeyboardInterrupt):
        run_main(experiment, monkeypatch, tmp_path, '--rows', 'LSeg-style')
    assert len(calls) <= 2


def test_a_line_cut_short_and_one_of_a_row_that_is_gone(
    experiment, monkeypatch, tmp_path
):
    results = tmp_path / 'results.jsonl'
    results.write_text(
        json.dumps(dict(row='gone', fold=0, seed=0, iterations=3000, config='x')) + '\n'
    )
    run_main(experiment, monkeypatch, tmp_path, '--table')
    with results.open('a') as file:
        file.write('{"row": "LSeg-st')
    with pytest.raises(SystemExit, match=r'results.jsonl:2 is no whole line'):
        run_main(experiment, monkeypatch, tmp_path, '--table')


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
    ],
)
def test_lines_that_are_none_are_named(
    experiment, monkeypatch, tmp_path, change, message
):
    if isinstance(change, dict):
        content = {**line(experiment, 'LSeg-style', 0, 0, 60.0), **change}
        change = json.dumps({k: v for k, v in content.items() if v is not ...})
    data = change if isinstance(change, bytes) else change.encode()
    (tmp_path / 'results.jsonl').write_bytes(data)
    with pytest.raises(SystemExit, match=message):
        run_main(experiment, monkeypatch, tmp_path, '--table')


def test_nothing_is_glued_to_a_last_line(experiment, tmp_path):
    path = tmp_path / 'new/results.jsonl'
    one = line(experiment, 'LSeg-style', 0, 0, 60.0)
    experiment.append(path, [one])
    path.write_bytes(path.read_bytes()[:-1])  # killed before its end
    experiment.append(path, [dict(one, fold=1), dict(one, fold=2)])
    assert [x['fold'] for x in experiment.read(path, 3000)] == [0, 1, 2]
    path.write_bytes(path.read_bytes()[:-9])
    experiment.append(path, [one])
    with pytest.raises(SystemExit, match='jsonl:3 is no whole line'):
        experiment.read(path, 3000)


def test_a_page_is_whole_or_as_it_was(experiment, monkeypatch, tmp_path):
    page = tmp_path / 'page.md'
    page.write_text('<!-- tables -->\nold\n<!-- end -->\n')

    def replace(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr('os.replace', replace)
    with pytest.raises(KeyboardInterrupt):
        run_main(experiment, monkeypatch, tmp_path, '--table')
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
def test_options_out_of_range_are_refused(
    experiment, monkeypatch, tmp_path, args, capsys
):
    with pytest.raises(SystemExit):
        run_main(experiment, monkeypatch, tmp_path, *args)
    assert args[0] in capsys.readouterr().err


def test_a_tests_result_is_read_as_all_are(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(TOOLS))
    evaluate = importlib.import_module('evaluate')
    monkeypatch.setattr(evaluate, 'run_tool', lambda *args, **kwargs: None)
    path = tmp_path / 'now/now.json'
    path.parent.mkdir()
    path.write_text('{"a/mIoU": 40.0, "a/protocol": {"views": 1}}')
    assert evaluate.run_test('c', 'none', tmp_path, 1, []) == dict(
        mIoU=40.0, protocol=dict(views=1)
    )
    path.write_text('{"mIoU": 40, "protocol": {"random_weights": true}}')
    with pytest.raises(ValueError, match='means NOTHING.*in no table'):
        evaluate.run_test('c', 'none', tmp_path, 1, [])
    path.write_text('{"mIoU": 40')
    with pytest.raises(ValueError, match='not a whole JSON'):
        evaluate.run_test('c', 'none', tmp_path, 1, [])


def test_a_published_checkpoint_remembers_what_was_seen(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(TOOLS))
    train_heads = importlib.import_module('train_heads')
    dataset_meta = dict(
        classes=('a', 'b'),
        palette=[[0, 0, 0]],
        base_classes=('a',),
        protocol=dict(fold=0),
        more=1,
    )
    torch.save(
        dict(
            meta=dict(
                dataset_meta=dataset_meta,
                iter=3,
                seed=0,
                time='now',
                seen_classes=['a', 'c'],
            ),
            state_dict=dict(x=torch.zeros(1)),
            optimizer={},
        ),
        tmp_path / 'in.pth',
    )
    train_heads.publish(tmp_path / 'in.pth', tmp_path / 'out.pth')
    kept = torch.load(tmp_path / 'out.pth', weights_only=True)
    assert kept['meta']['seen_classes'] == ['a', 'c']
    assert 'more' not in kept['meta']['dataset_meta']
    assert set(kept) == {'meta', 'state_dict'}
