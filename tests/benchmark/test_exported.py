"""Exported files beside PyTorch: what is compared, and by what."""

import math
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from mmseg_clsclip.benchmark import exported
from mmseg_clsclip.datasets.shapes_world import draw
from mmseg_clsclip.utils.config_options import load_config

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')


def test_the_pictures_are_those_of_the_test():
    cfg = load_config(CONFIG, {})
    cfg.test_dataloader.dataset.pipeline[1].scale = (128, 128)  # as they are drawn
    pictures = list(exported.iter_test_pictures(cfg, 3))
    assert len(pictures) == 3
    for index, (picture, labels) in enumerate(pictures):
        scene = draw(index, 'test', 0)
        assert np.array_equal(picture[0].numpy(), scene.picture)  # RGB
        assert np.array_equal(labels.numpy(), scene.labels)


def test_padding_is_no_part_of_the_pictures():
    cfg = load_config(CONFIG, {})
    load, resize, *rest = cfg.test_dataloader.dataset.pipeline
    pad = dict(type='RemovablePad', size=(96, 80), pad_val=dict(img=(9, 9, 9)))
    rest[-1].meta_keys = ('padding_size',)
    cfg.test_dataloader.dataset.pipeline = [load, resize, pad, *rest]
    ((picture, labels),) = exported.iter_test_pictures(cfg, 1)
    assert picture.shape == (1, 64, 64, 3) and labels.shape == (128, 128)


def test_episodes_have_no_labels_of_all_names():
    cfg = load_config(ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py', {})
    cfg.test_dataloader.dataset.dataset.length = 4
    with pytest.raises(ValueError, match='asks for one class a sample'):
        next(exported.iter_test_pictures(cfg, 1))


def test_differences_by_hand():
    wanted = torch.zeros(1, 3, 2, 2)
    wanted[0, 1, 0] = 5  # the upper half is 1, the lower 0
    found = wanted.clone()
    found[0, 2, 0, 0] = 9  # a quarter is 2
    # Enlarged to 2 x 2 pixels it is as it was; one pixel is ignored.
    truth = torch.tensor([[2, 1], [0, 255]])
    one = exported.Differences()
    one.add(found, wanted, truth)
    one.add(wanted + 1, wanted, truth)
    told = one.summary()
    assert told['most'] == 9 and told['differing'] == 1 / 8
    assert told['mean'] == pytest.approx((9 / 12 + 1) / 2)
    # 0: 2 of 2; 1: 2 of 3, once instead of 2; 2: 1 of 2.
    assert told['miou'] == pytest.approx(100 * (1 + 2 / 3 + 1 / 2) / 3)
    assert math.isnan(exported.Differences.summary(_without_labels(found))['miou'])
    one.add(wanted * math.nan, wanted, truth)
    assert math.isnan(one.summary()['most'])


def _without_labels(found):
    one = exported.Differences()
    one.add(found, found, None)
    return one


@pytest.mark.slow
def test_the_tool_tells_int8_from_float(tiny_clip_json, monkeypatch, capsys):
    pytest.importorskip('onnxruntime')
    onnx = pytest.importorskip('onnx')
    kinds = []
    write = exported.write_int8

    def spy(source, target):
        write(source, target)
        kinds.extend(node.op_type for node in onnx.load(target).graph.node)

    monkeypatch.setattr(exported, 'write_int8', spy)
    main = runpy.run_path(str(ROOT / 'tools/benchmark_export.py'))['main']
    call = [CONFIG, '--size=32', '--classes=3', '--repeat=1', '--cfg-options']
    main(
        [
            *call,
            f'model.backbone.architecture={tiny_clip_json}',
            'model.backbone.navigate_blocks=(1,2)',
            'model.decode_head.in_channels=32',
            'model.decode_head.num_heads=2',
        ]
    )
    said = capsys.readouterr().out
    assert '32 x 32 pixels, 3 classes' in said and 'random weights' in said
    rows = dict(re.findall(r'^\| ([^|]+?) +\|.*?\|.*?\|.*?\| +(\S+) \|', said, re.M))
    off = [float(rows[name]) for name in (exported.PYTORCH, exported.ONNX)]
    assert off[0] == 0 and off[1] < 1e-4 < float(rows[exported.INT8]) < 1
    assert {'MatMulInteger', 'DynamicQuantizeLinear'} <= {*kinds}


def test_a_config_that_is_not_there_is_said(capsys):
    main = runpy.run_path(str(ROOT / 'tools/benchmark_export.py'))['main']
    with pytest.raises(SystemExit):
        main(['gone.py', 'none'])
    assert 'the config gone.py is not there' in capsys.readouterr().err


@pytest.mark.parametrize('key', ['pictures', 'size', 'classes', 'repeat'])
def test_a_number_of_nothing_is_refused_at_once(key, capsys):
    main = runpy.run_path(str(ROOT / 'tools/benchmark_export.py'))['main']
    with pytest.raises(SystemExit):
        main([CONFIG, f'--{key}', '0'])
    assert f"--{key}: '0' is no whole number above 0" in capsys.readouterr().err
