"""Two processes on the CPU give what one gives."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import DefaultSampler
from torch import distributed, multiprocessing

from mmseg_clsclip.evaluation import (
    EpisodeIoUMetric,
    ErrorSharesMetric,
    GeneralizedZeroShotIoUMetric,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform == 'win32', reason='the scripts are for a POSIX shell'
    ),
]
ROOT = Path(__file__).parents[1]
TOOLS = ROOT / 'tools'
CONFIG = ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py'
CHECKPOINT = ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth'
# One picture a batch: how many share one may change the last bits of a logit.
TEST = [
    '--cfg-options',
    'test_dataloader.batch_size=1',
    'test_dataloader.num_workers=0',
    'test_dataloader.persistent_workers=False',
]


def free_port():
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


def run(*command, cwd):
    """On the CPU, whatever there is, with as many threads as torchrun sets."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
        env=dict(
            os.environ,
            PYTHON=sys.executable,
            PORT=str(free_port()),
            CUDA_VISIBLE_DEVICES='',
            OMP_NUM_THREADS='1',
        ),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def result(work_dir):
    (path,) = work_dir.glob('*/*.json')
    content = json.loads(path.read_text())
    return {k: v for k, v in content.items() if 'time' not in k}


TORCHRUN = (
    sys.executable,
    '-m',
    'torch.distributed.run',
    '--standalone',
    '--nproc_per_node',
    2,
    TOOLS / 'test.py',
    CONFIG,
    CHECKPOINT,
    '--launcher=pytorch',
)


@pytest.mark.parametrize(
    'command, scenes, episodes',
    [((TOOLS / 'dist_test.sh', CONFIG, CHECKPOINT, 2), 4, 5), (TORCHRUN, 8, 12)],
    ids=['odd', 'even'],
)
def test_testing_gives_identical_figures(command, scenes, episodes, tmp_path):
    length = f'test_dataloader.dataset.dataset.length={scenes}'
    run(
        sys.executable,
        TOOLS / 'test.py',
        CONFIG,
        CHECKPOINT,
        '--work-dir',
        tmp_path / 'one',
        *TEST,
        length,
        cwd=tmp_path,
    )
    log = run(*command, '--work-dir', tmp_path / 'two', *TEST, length, cwd=tmp_path)
    assert 'Distributed training: True' in log and 'GPU number: 2' in log
    one = result(tmp_path / 'one')
    assert one['protocol']['pairs'] == episodes
    assert one == result(tmp_path / 'two')


def test_a_model_without_anything_to_train(tmp_path):
    config = ROOT / 'configs/baselines/maskclip_shapes-5i_fold0.py'
    length = 'test_dataloader.dataset.dataset.length=4'
    run(
        sys.executable,
        TOOLS / 'test.py',
        config,
        'none',
        '--work-dir',
        tmp_path / 'one',
        *TEST,
        length,
        cwd=tmp_path,
    )
    run(
        TOOLS / 'dist_test.sh',
        config,
        'none',
        2,
        '--work-dir',
        tmp_path / 'two',
        *TEST,
        length,
        cwd=tmp_path,
    )
    assert result(tmp_path / 'one') == result(tmp_path / 'two')


def test_zooming_in_gives_identical_figures(tmp_path):
    """Boxes from the segmentor's own response, in each process its own."""
    config = tmp_path / 'plus.py'
    config.write_text(f"""
_base_ = {str(CONFIG)!r}
model = dict(
    _delete_=True, type='ZoomIn', module=_base_.model,
    proposals=dict(type='SelfProposals', threshold=0.5),
    resize=dict(type='Resize', scale=(64, 64)), margin=0.5, square=True)
test_dataloader = dict(dataset=dict(pipeline=[
    dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'),
    dict(type='MakeEpisode'),
    dict(type='PackSegInputs', meta_keys=_base_.meta_keys)]))
""")
    length = 'test_dataloader.dataset.dataset.length=4'
    run(
        sys.executable,
        TOOLS / 'test.py',
        config,
        CHECKPOINT,
        '--work-dir',
        tmp_path / 'one',
        *TEST,
        length,
        cwd=tmp_path,
    )
    log = run(
        TOOLS / 'dist_test.sh',
        config,
        CHECKPOINT,
        2,
        '--work-dir',
        tmp_path / 'two',
        *TEST,
        length,
        cwd=tmp_path,
    )
    assert 'GPU number: 2' in log and 'missing keys' not in log
    one = result(tmp_path / 'one')
    assert one['protocol']['proposals'].startswith('SelfProposals')
    assert one['protocol']['pairs'] == 5  # an odd number
    assert one == result(tmp_path / 'two')


def test_training_with_validation_and_resuming(tmp_path):
    config = tmp_path / 'config.py'
    cfg = Config.fromfile(CONFIG)
    few = dict(batch_size=4, num_workers=0, persistent_workers=False)
    cfg.train_dataloader.update(few)
    cfg.train_dataloader.dataset.dataset.length = 60
    cfg.test_dataloader.update(few)
    cfg.test_dataloader.dataset.dataset.length = 3
    cfg.val_dataloader, cfg.val_evaluator = (cfg.test_dataloader, cfg.test_evaluator)
    cfg.val_cfg = dict(type='ValLoop')
    cfg.train_cfg.update(max_iters=2, val_interval=2)
    cfg.default_hooks.logger.interval = 1
    cfg.default_hooks.checkpoint.update(interval=2, save_best='auto')
    cfg.dump(config)
    work = tmp_path / 'work'
    log = run(TOOLS / 'dist_train.sh', config, 2, '--work-dir', work, cwd=tmp_path)
    # Every figure is in the log's text, the numbers among them in its JSON.
    assert "per_class: {'" in log and "protocol: {'" in log
    (scalars,) = work.glob('*/vis_data/scalars.json')
    last = json.loads(scalars.read_text().splitlines()[-1])
    assert 'miou_seen' in last and 'per_class' not in last
    assert list(work.glob('best_miou_*_iter_2.pth'))
    state = torch.load(work / 'iter_2.pth', weights_only=True)['state_dict']
    assert not any(key.startswith('module.') for key in state)
    log = run(
        TOOLS / 'dist_train.sh',
        config,
        2,
        '--work-dir',
        work,
        '--resume',
        '--cfg-options',
        'train_cfg.max_iters=4',
        cwd=tmp_path,
    )
    assert 'resumed' in log and (work / 'iter_4.pth').is_file()


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh'])
def test_the_scripts_say_how_they_are_called(script, tmp_path):
    done = subprocess.run(
        [TOOLS / script, 'config.py'], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert f'Usage: tools/{script} CONFIG' in done.stderr


def samples(number):
    """Episodes, with maps of four labels beside them, in sizes of all kinds.

    Values are 0 to 3 and 255; of the episodes 1 is the class, and 2 and 3 go.
    """
    rng = np.random.RandomState(0)
    for i in range(number):
        shape = (1, *rng.randint(2, 60, 2))
        yield dict(
            class_name='abc'[i % 3],
            img_shape=tuple(map(int, shape[1:])),
            pred_sem_seg=dict(data=torch.from_numpy(rng.randint(0, 4, shape))),
            gt_sem_seg=dict(
                data=torch.from_numpy(rng.choice([0, 1, 2, 3, 255], shape))
            ),
        )


def measure(rank, world, numbers, port, folder):
    """Evaluate this process's share as mmengine's sampler deals it."""
    if world > 1:
        distributed.init_process_group(
            'gloo', init_method=f'tcp://127.0.0.1:{port}', rank=rank, world_size=world
        )
    got = [
        figures
        for number in numbers
        for figures in evaluate(list(samples(number)), folder)
    ]
    Path(folder, f'{world}-{rank}.json').write_text(json.dumps(got))
    if world > 1:
        distributed.destroy_process_group()


def evaluate(given, folder):
    """What each metric says, in every process."""
    for metric in (
        EpisodeIoUMetric(collect_dir=f'{folder}/collect'),
        GeneralizedZeroShotIoUMetric(['c']),
        ErrorSharesMetric(),
    ):
        metric.dataset_meta = dict(
            classes=('background', 'a', 'b', 'c'), novel_classes=('a', 'c')
        )
        for i in DefaultSampler(given, shuffle=False):
            sample = dict(given[i])
            if isinstance(metric, ErrorSharesMetric):
                del sample['class_name']  # it refuses episodes
            if isinstance(metric, EpisodeIoUMetric):  # and this all but 0, 1 and 255
                truth = sample['gt_sem_seg']['data'].clone()
                truth[(truth > 1) & (truth < 255)] = 0
                sample['gt_sem_seg'] = dict(data=truth)
            metric.process({}, [sample])
        figures = metric.evaluate(len(given))
        yield {
            k: float(v) if isinstance(v, np.floating) else v for k, v in figures.items()
        }


def test_all_metrics_give_identical_figures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where mmengine joins what it collects
    numbers = (1, 9, 10)
    measure(0, 1, numbers, None, tmp_path)
    multiprocessing.spawn(measure, (2, numbers, free_port(), tmp_path), nprocs=2)
    # As text, in which NaN equals NaN.
    one, *two = (
        (tmp_path / f'{name}.json').read_text() for name in ('1-0', '2-0', '2-1')
    )
    assert two == [one, one] and len(json.loads(one)) == 3 * len(numbers)
