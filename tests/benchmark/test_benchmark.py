"""The benchmark: its naive path, its counts, and its rows."""

import json
import os
import re
import runpy
from functools import partial
from itertools import product
from pathlib import Path

import pytest
import torch

from mmseg_clsclip.benchmark import inference, timing, training
from mmseg_clsclip.benchmark.naive import NaiveClsCLIP
from mmseg_clsclip.benchmark.random_models import Workload
from mmseg_clsclip.models.backbones import clip_vit as backbone
from mmseg_clsclip.models.decode_heads import clsclip_head as decode_head
from mmseg_clsclip.utils.config_files import configs_folder

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')


def tool(name):
    return runpy.run_path(str(ROOT / f'tools/{name}.py'))['main']


def options(tiny_clip_json, **kwargs):
    return {
        'model.backbone.architecture': tiny_clip_json,
        'model.backbone.navigate_blocks': (1, 2),
        'model.decode_head.in_channels': 32,
        'model.decode_head.num_heads': 2,
        **{f'model.test_cfg.{key}': value for key, value in kwargs.items()},
    }


@pytest.mark.parametrize(
    'number, classes, chunk, size',
    [*product([1, 3], [1, 5], [1, 2, None], [32]), (2, 21, 4, 48), (1, 2, None, 45)],
)
def test_ours_is_the_naive_path(tiny_clip_json, number, classes, chunk, size):
    """Same logits and labels for every batch, K, chunk and size."""
    model = Workload(
        CONFIG, options(tiny_clip_json, class_batch_size=chunk), classes
    ).build()
    assert model.decode_head.upsample > 1
    pictures = torch.randn(number, 3, size, size)
    naive = NaiveClsCLIP(model, classes)(pictures)
    samples = inference.blank_samples(pictures)
    with torch.no_grad():
        ours = model.inference(pictures, [one.metainfo for one in samples])
        labels = model.predict(pictures, samples)
    assert naive.std() > 1e-3
    torch.testing.assert_close(ours[:, 1:], naive, atol=1e-5, rtol=0)
    want = torch.cat([torch.zeros_like(naive[:, :1]), naive], 1).argmax(1)
    got = torch.stack([one.pred_sem_seg.data[0] for one in labels])
    # Where two classes are equal to the last digit either may win.
    assert (got == want).float().mean() > 0.999


@pytest.mark.parametrize('blocks', [(1, 2), (0, 2), ()])
def test_ours_is_the_naive_path_with_several_tokens(tiny_clip_json, blocks):
    more = {'model.backbone.navigate_blocks': blocks, 'model.backbone.num_tokens': 4}
    model = Workload(CONFIG, options(tiny_clip_json) | more, 3).build()
    naive = NaiveClsCLIP(model, 3)
    assert inference.compare_to_naive(model, naive, torch.randn(2, 3, 32, 45)) < 1e-5


@pytest.mark.parametrize(
    ('config', 'is_of'),
    [
        ('shapes/clsclip', True),
        ('ablations/clsclip_pseudo-inverse', True),
        ('shapes/clsclip-gate', False),
        ('ablations/clsclip_vpt', False),
        ('ablations/clsclip_film', False),
    ],
)
def test_other_ways_in_have_no_naive_path(config, is_of):
    config = configs_folder() / f'{config}_shapes-5i_fold0.py'
    assert NaiveClsCLIP.is_of(Workload(str(config), {}, 2).build()) == is_of


def test_the_naive_path_is_as_precise_as_ours(tiny_clip_json):
    model = Workload(CONFIG, options(tiny_clip_json), 3).build()
    pictures = torch.randn(1, 3, 32, 32)
    exact = NaiveClsCLIP(model, 3)(pictures)
    model.test_cfg.dtype = 'bfloat16'
    rough = NaiveClsCLIP(model, 3)(pictures)
    assert exact.dtype == torch.float32 and rough.dtype == torch.bfloat16
    assert 1e-4 < ((rough - exact).norm() / exact.norm()).item() < 0.1


@pytest.mark.parametrize('number', [1, 16])
def test_the_least_that_must_be_done(tiny_clip_json, number):
    more = {'model.backbone.num_tokens': number}
    model = Workload(CONFIG, options(tiny_clip_json) | more, 3).build()
    counted = inference.count_prediction(model, torch.randn(2, 3, 32, 32))
    tokens, width, up = 17, 32, model.decode_head.upsample
    heads = model.decode_head.convs

    def block(tokens):
        return tokens * width * (12 * width + 2 * tokens)

    layer = (tokens - 1) * width * (12 * width + 2 * (tokens - 1))
    shared = 16 * 3 * 8 * 8 * width + block(tokens)
    # Two navigated blocks and one after them.
    each = 2 * block(tokens + number - 1) + block(tokens) + 2 * layer
    # The text into two blocks; the convolutions, of which some are enlarged.
    each += 2 * 16 * number * width
    area, scale = 16, 1
    for conv in heads:
        each += 9 * conv.in_channels * conv.out_channels * area * scale**2
        if scale < up:
            scale *= 2
    each += heads[-1].out_channels * area * scale**2
    assert counted == 2 * 2 * (shared + 3 * each)


def test_rows_and_plot(tiny_clip_json, tmp_path, monkeypatch, capsys):
    out, picture = tmp_path / 'rows.json', tmp_path / 'new/plot.png'
    small = dict(side=256, tokens=64, width=32)
    monkeypatch.setattr(
        inference, 'matrix_products', partial(inference.matrix_products, **small)
    )
    # Processes of their own take their time to start.
    monkeypatch.setattr(inference, 'run_alone', lambda f, *args: f(*args))
    tool('benchmark')(
        [
            '--config',
            CONFIG,
            '--size',
            '32',
            '--classes',
            '1',
            '4',
            '--repeat',
            '1',
            '--naive-classes',
            '2',
            '--json',
            str(out),
            '--plot',
            str(picture),
            '--cfg-options',
            *(
                f'{key}={value}'.replace(' ', '')
                for key, value in options(tiny_clip_json).items()
            ),
        ]
    )
    rows = json.loads(out.read_text())
    assert [row['classes'] for row in rows] == [1, 4]
    for row in rows:
        assert row['size'] == 32 and row['dtype'] == 'float32'
        assert row['device'] == 'cpu'
        assert row['max_abs_diff_to_naive'] < 1e-5
        assert row['floor_seconds'] == row['flops'] / row['ceiling_flops']
        assert row['ceiling'] in ('mm', 'linear', 'convolution')
        assert row['kernels_of_one']['casts'] == 0
        assert row['flops'] > 0 and row['seconds'] > 0
        assert (row['products_seconds'] is not None) == (row['classes'] == 1)
        assert row['naive_seconds'] > 0
        assert row['peak_memory_bytes'] > 2**27
    # Counted of 1 and 2 classes, and extrapolated.
    four = Workload(CONFIG, options(tiny_clip_json), 4).build()
    assert rows[1]['flops'] == inference.count_prediction(
        four, torch.randn(1, 3, 32, 32)
    )
    assert rows[1]['naive_classes'] == 2
    said = capsys.readouterr().out
    assert 'random weights' in said
    assert 'K = 4: the process got' in said and 'kernels, 0 of them casts' in said
    assert picture.stat().st_size > 10000


def test_what_is_measured_is_in_the_precision_that_is_told(tiny_clip_json, monkeypatch):
    allowed = torch.backends.cudnn.allow_tf32
    monkeypatch.setattr(
        inference,
        'time_prediction',
        lambda *_: dict(allowed=torch.backends.cudnn.allow_tf32),
    )
    workload = Workload(
        CONFIG, options(tiny_clip_json), 1, 'bfloat16', shape=(1, 3, 32, 32)
    )
    row = inference.measure_time(workload, 1, 1)
    # The picture, the name in three blocks, the logits.
    assert 0 < row['kernels_of_one']['casts'] < 8
    # No float32 is rounded for a ceiling, nor afterwards left other than before.
    assert row['allowed'] is False and torch.backends.cudnn.allow_tf32 is allowed


def test_memory_is_that_of_a_process_of_its_own():
    assert timing.run_alone(os.getpid) != os.getpid()


def test_training_steps(tiny_clip_json, tmp_path, monkeypatch, capsys):
    # What the plain way puts in their place.
    monkeypatch.setattr(backbone, 'run_block', backbone.run_block)
    monkeypatch.setattr(decode_head, 'run_layer', decode_head.run_layer)
    monkeypatch.setattr(training, 'run_alone', lambda f, *args: f(*args))
    out = tmp_path / 'rows.json'
    given = options(tiny_clip_json)
    tool('benchmark_training')(
        [
            '--config',
            CONFIG,
            '--batch',
            '2',
            '--repeat',
            '1',
            '--pictures',
            '3600000',
            '--json',
            str(out),
            '--cfg-options',
            'data_preprocessor.size=(32,32)',
            *(f'{key}={value}'.replace(' ', '') for key, value in given.items()),
        ]
    )
    rows = json.loads(out.read_text())
    assert [row['way'] for row in rows] == ['as it is', 'with_cp', 'plain']
    assert all(row['seconds'] > 0 for row in rows)
    said = capsys.readouterr().out
    assert f'{500 * rows[0]["seconds"]:.2f}' in said  # hours of 3.6 million


def test_what_boxes_cost(capsys):
    tool('zoom_in_cost')(['--repeat', '3', '--boxes', '0', '40'])
    rows = [
        re.split(r' +\| +', line)
        for line in capsys.readouterr().out.splitlines()
        if line.startswith('| Cls')
    ]
    assert [row[0] for row in rows] == [
        '| ClsCLIP',
        '| ClsCLIP+, 0 boxes',
        '| ClsCLIP+, 40 boxes',
    ]
    times = [float(row[1]) for row in rows]
    assert rows[0][2] == '1.00 |' and times[2] > 2 * times[1]


@pytest.mark.parametrize('share', [1.0, 0.5])
def test_a_busy_machine_is_timed_by_its_processor(monkeypatch, share):
    clock = [0.0]
    monkeypatch.setattr(timing.time, 'perf_counter', lambda: clock[0])
    monkeypatch.setattr(timing.time, 'process_time', lambda: share * 2 * clock[0])
    monkeypatch.setattr(torch, 'get_num_threads', lambda: 2)

    def take(seconds):
        clock[0] += seconds

    got = timing.time_in_turns(
        dict(a=lambda: take(1), b=lambda: take(4)), repeat=3, device='cpu'
    )
    assert got.cpu_share == share
    assert got.by_processor == (share == 0.5)
    assert got.seconds == dict(a=share if share == 0.5 else 1, b=4 * share)
    assert f'got {share:.0%} of its threads' in got.note()
    assert ('processor time' in got.note()) == (share == 0.5)


def test_another_device_is_timed_by_the_clock(monkeypatch):
    monkeypatch.setattr(timing, 'time_once', lambda function, device: 2.0)
    got = timing.time_in_turns(dict(a=lambda: None), 1, 'meta')
    assert got.seconds == dict(a=2) and got.cpu_share is None
    assert got.note() == 'by the clock' and not got.by_processor
