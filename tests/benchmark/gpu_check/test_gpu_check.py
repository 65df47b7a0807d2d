"""The check of a device: every part on a CPU, and parts that fail."""

import json
import runpy
from pathlib import Path

import pytest
import torch

from mmseg_clsclip.benchmark.gpu_check import check, sameness
from mmseg_clsclip.benchmark.gpu_check.part import Part, value
from mmseg_clsclip.benchmark.gpu_check.parts import PARTS
from mmseg_clsclip.benchmark.gpu_check.plan import Plan, tiny_plan
from mmseg_clsclip.benchmark.inference import count_prediction
from mmseg_clsclip.benchmark.precision import tf32

TOOL = Path(__file__).parents[3] / 'tools/gpu_check.py'
TINY = tiny_plan('cpu')


@pytest.fixture
def tool():
    return runpy.run_path(str(TOOL))['main']


def check_predictions(rows, dtype):
    """Against the counts of a model of its own."""
    assert [(row['classes'], row['size'], row['batch']) for row in rows] == [
        *((1, 32, 1), (1, 64, 1), (1, 64, 2)),
        *((k, size, 1) for k in (4, 5) for size in (32, 64)),
    ]
    counted = count_prediction(TINY.workload(5).build(), torch.randn(1, 3, 64, 64))
    assert rows[-1]['flops'] == counted
    assert rows[2]['flops'] == 2 * rows[1]['flops']
    for row in rows:
        assert row['dtype'] == dtype
        assert row['seconds'] > 0 and row['naive_seconds'] > 0
        assert row['naive_classes'] == min(2, row['classes'])
        assert row['floor_seconds'] == row['flops'] / row['ceiling_flops']
        largest = 1e-5 if dtype == 'float32' else 0.02
        assert row['max_abs_diff_to_naive'] < largest
        assert row['peak_memory_bytes'] > 2**27


@pytest.mark.slow
def test_every_part_runs_on_a_cpu(tool, tmp_path, capsys):
    tool(['--tiny', '--device', 'cpu', '--out', str(tmp_path)])
    printed = capsys.readouterr().out
    report = json.loads((tmp_path / 'rows.json').read_text())
    assert report['plan']['tiny'] and report['plan']['device'] == 'cpu'
    parts = report['parts']
    assert [*parts] == [part.name for part in PARTS]
    assert all(part['error'] is None for part in parts.values())
    rows = {name: part['rows'] for name, part in parts.items()}

    told = {row['what']: row['value'] for row in rows['machine']}
    assert told['torch'] == torch.__version__ and 'cores, cpu' in told['machine']

    exact, products, *rough = rows['sameness']
    assert exact['precision'] == 'float32' and products['precision'] == 'TF32'
    assert exact['relative'] < 1e-6 and exact['same_signs'] > 0.999
    assert all(1e-4 < row['relative'] < 0.1 and row['finite'] for row in rough)

    assert [(row['precision'], row['product']) for row in rows['ceilings']] == [
        (precision, product)
        for precision in ('float32', 'TF32', 'bfloat16', 'float16')
        for product in ('mm', 'linear', 'convolution')
    ]
    assert all(row['flops_per_second'] > 0 for row in rows['ceilings'])

    for dtype in ('float32', 'bfloat16', 'float16'):
        check_predictions(rows[f'prediction_{dtype}'], dtype)

    assert [row['dtype'] for row in rows['training']] == [
        *('float32', 'bfloat16', 'float16')
    ]
    for row in rows['training']:
        assert row['seconds'] > 0 and row['memory'] >= row['memory_before'] > 0
        assert row['size'] == [64, 64] and row['batch'] == 2

    (row,) = rows['evaluation']
    assert row['episodes'] > 20  # 20 scenes, most of several classes
    assert row['seconds'] > 0 and row['reading_seconds'] > 0
    assert row['model_seconds'] > 0
    assert row['miou_seen'] > 60 and row['miou_unseen'] > 30  # trained, so no noise

    assert [row['what'] for row in rows['zoom_in']] == [
        *('ClsCLIP', 'ClsCLIP+, 0 boxes', 'ClsCLIP+, 2 boxes')
    ]
    assert all(row['seconds'] > 0 for row in rows['zoom_in'])

    assert [(r['classes'], r['asked'], r['views']) for r in rows['presence']] == [
        (classes, 3, views) for classes in (4, 5) for views in ('whole', 'corners')
    ]
    assert all(row['same_labels'] > 0.99 for row in rows['presence'])

    assert [(row['compile'], row['batch']) for row in rows['compiling']] == [
        (dict(backend='eager'), batch) for batch in (1, 2)
    ]
    assert all(r['seconds'] > 0 and r['plain_seconds'] > 0 for r in rows['compiling'])

    page = (tmp_path / 'page.md').read_text()
    assert printed.strip() == page.strip()
    assert '**A tiny run**' in page and '**On a CPU**' in page
    assert 'no accuracy is meant' in page
    assert all(f'\n## {part.title}\n' in page for part in PARTS)


class ThisProcess:
    """Stands in for a worker: no process has to start."""

    def __init__(self, log):
        self.seconds = []

    def iter_rows(self, function, *args, seconds):
        self.seconds.append(seconds)
        yield from function(*args)

    def close(self):
        pass


def a_part(name, measure, weight=1):
    return Part(name, f'Part {name}', 'A note.', measure, {'k': value('k')}, weight)


def test_a_part_that_fails_leaves_the_others(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(check, 'Worker', ThisProcess)
    page, seen = tmp_path / 'new/page.md', []

    def count(plan):
        yield dict(k=11)
        seen.append(page.read_text())
        yield dict(k=12)

    def run_out(plan):
        yield dict(k=21)
        raise RuntimeError('Traceback\n' * 30 + 'OutOfMemoryError: 7 GiB')

    def be_late(plan):
        yield dict(k=31)
        raise TimeoutError('not done after 9 seconds')

    parts = [a_part('a', run_out), a_part('b', count), a_part('c', be_late)]
    assert check.run_check(Plan('cuda'), page.parent, 9, parts) == ['a', 'c']
    # What was known while b was measured.
    assert '| 11' in seen[0] and '| 12' not in seen[0]
    assert 'Not yet measured: Part c.' in seen[0]
    text = page.read_text()
    assert all(f'| {k}' in text for k in (11, 12, 21, 31))
    assert text.count('**Failed** after') == 2
    assert 'OutOfMemoryError: 7 GiB' in text and text.count('Traceback') == 11
    assert 'not done after 9 seconds, its share of --minutes: write more' in text
    assert 'Not yet measured' not in text
    assert 'tiny' not in text and 'On a CPU' not in text
    assert capsys.readouterr().out.strip() == text.strip()
    told = json.loads((page.parent / 'rows.json').read_text())['parts']
    assert [row['k'] for row in told['b']['rows']] == [11, 12]
    assert told['a']['error'].count('Traceback') == 30
    assert told['b']['error'] is None


def test_time_that_is_left_goes_to_the_parts_after(tmp_path, monkeypatch):
    worker = ThisProcess(None)
    monkeypatch.setattr(check, 'Worker', lambda log: worker)
    parts = [
        a_part(name, lambda plan: iter([]), weight)
        for name, weight in (*(('a', 1), ('b', 2), ('c', 3)),)
    ]
    check.run_check(Plan('cpu'), tmp_path, 1, parts)
    assert worker.seconds == pytest.approx([10, 24, 60], abs=2)


def test_the_exit_code_tells_of_failures(tool, tmp_path, monkeypatch):
    monkeypatch.setattr(check, 'run_check', lambda plan, out, minutes: ['a', 'b'])
    with pytest.raises(SystemExit, match='Failed: a, b.') as told:
        tool(['--device', 'cpu', '--out', str(tmp_path)])
    assert told.value.code not in (None, 0)


def test_other_numbers_than_the_cpus_are_refused(monkeypatch):
    """Logits are linear in the last layer, so the error is known."""
    original = sameness.deepcopy

    def copy_wrongly(model):
        model = original(model)
        for parameter in model.decode_head.conv_seg.parameters():
            parameter.data *= 1.01
        return model

    monkeypatch.setattr(sameness, 'deepcopy', copy_wrongly)
    rows = sameness.compare_with_cpu(TINY)
    assert next(rows)['relative'] == pytest.approx(0.01, rel=1e-3)
    with pytest.raises(ValueError, match=r'cpu gives other .*float32: .* 1.0e-02'):
        list(rows)


def test_tf32_is_left_as_it_was():
    def told():
        return (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32)

    before = told()
    with tf32(True):
        assert told() == ('high', True)
        with tf32(False):
            assert told() == ('highest', False)
        assert told() == ('high', True)
    assert told() == before
