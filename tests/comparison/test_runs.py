"""What is run in processes, and what is not run again."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmseg_clsclip.comparison import runs
from mmseg_clsclip.comparison.compared_models import (
    ComparedModel,
    random_options,
    read_config,
)

ROOT = Path(__file__).parents[2]
CLSCLIP = 'configs/shapes/clsclip_shapes-5i_fold0.py'
WHOLE = 'configs/shapes/clsclip_shapes-5i_whole.py'


def test_what_is_finished_is_not_run_again(
    tmp_path, config, fake_tools, compared_model
):
    mine = compared_model(config(CLSCLIP), options=['a=b'])
    assert runs.finished(mine, tmp_path) is None
    outcome = runs.run(mine, tmp_path, print)
    assert outcome['figures'] == dict(miou_unseen=50.0, fb_iou=70.0)
    assert outcome['seconds'] == 0.5
    assert fake_tools[0][-2:] == fake_tools[1][-2:] == ['--cfg-options', 'a=b']
    assert '--out' in fake_tools[1]
    (tmp_path / 'A/predictions').mkdir()
    moved = tmp_path / 'moved'
    shutil.copytree(tmp_path / 'A', moved / 'A')
    assert runs.finished(mine, moved) == dict(
        outcome, predictions=str(moved / 'A/predictions')
    )
    # Another checkpoint, another config, or half a file: run again.
    other = tmp_path / 'other.pth'
    torch.save({}, other)
    assert not runs.finished(compared_model(mine.config, other), tmp_path)
    changed = config(CLSCLIP, 'model = dict(test_cfg=dict(a=1))', 'other')
    assert not runs.finished(compared_model(changed), tmp_path)
    written = tmp_path / 'A/outcome.json'
    whole = written.read_text()
    written.write_text(whole[:-20])
    assert runs.finished(mine, tmp_path) is None
    # Whole, but of another version, or written over.
    for change in (
        dict(figures=dict(mIoU=float('nan'))),
        dict(protocol=[]),
        dict(figures=dict(mIoU=-1)),
        dict(seconds='fast'),
        dict(memory=None),
        dict(per_class=dict(a=200)),
    ):
        written.write_text(json.dumps({**json.loads(whole), **change}))
        assert runs.finished(mine, tmp_path) is None
    for text in (
        '[]',
        '{}',
        '5',
        '[' * 100_000,
        json.dumps({k: v for k, v in json.loads(whole).items() if k != 'figures'}),
    ):
        written.write_text(text)
        assert runs.finished(mine, tmp_path) is None
    written.write_text(whole)
    assert runs.finished(mine, tmp_path)


def test_what_was_cut_short_is_measured_again_with_a_larger_budget(
    tmp_path, config, fake_tools, compared_model
):
    mine = compared_model(config(CLSCLIP))
    assert runs.run(mine, tmp_path, print, 7)['budget'] == 7
    written = tmp_path / 'A/outcome.json'
    assert runs.finished(mine, tmp_path, 100)
    written.write_text(json.dumps({**json.loads(written.read_text()), 'cut': True}))
    assert runs.finished(mine, tmp_path, 7)
    assert not runs.finished(mine, tmp_path, 8)


def test_an_estimate_stands_before_a_long_test(
    tmp_path, config, fake_tools, compared_model
):
    said = []
    mine = compared_model(config(CLSCLIP), dataset=range(600))
    runs.run(mine, tmp_path, lambda *words: said.append(words))
    assert said == [('measuring',), ('testing 600 samples, about 5 min',)]


@pytest.mark.parametrize(
    'path, options',
    [
        ('baselines/sam3_voc21.py', ['model.random_weights=True']),
        ('shapes/clsclip_shapes-5i_fold0.py', ['model.backbone.pretrained=None']),
        (
            'clsclip_plus/clsclip-plus_shapes-5i_fold0.py',
            ['model.module.backbone.pretrained=None'],
        ),
    ],
)
def test_options_by_which_no_weights_are_read(path, options):
    cfg = Config.fromfile(ROOT / 'configs' / path)
    assert random_options(cfg) == options
    cfg.model = dict(type='EncoderDecoder', backbone=dict(type='ResNetV1c'))
    assert random_options(cfg) == []


@pytest.mark.parametrize(
    'path, note',
    [
        ('sam3_voc21', 'fetch its weights into checkpoints/sam3, as docs/compare.md'),
        ('clipseg-rd64_voc21', 'into checkpoints/clipseg-rd64-refined, as docs'),
        ('lseg_vit-b16_pascal-5i-480x480_fold0', "give CLIP's weights, and a check"),
    ],
)
def test_a_row_of_costs_says_what_to_download(path, note):
    config = str(ROOT / f'configs/baselines/{path}.py')
    model = ComparedModel('costs', config, random=True)
    read_config(model)
    (said,) = model.notes
    assert said.startswith('for its accuracy ') and note in said


def test_no_checkpoint_is_none_to_the_tools(
    tmp_path, config, fake_tools, compared_model
):
    runs.run(compared_model(config(CLSCLIP), None), tmp_path, print)
    assert all('none' in command for command in fake_tools)


def test_predictions_are_kept_where_a_metric_offers_it(
    tmp_path, config, fake_tools, compared_model
):
    several = config(
        WHOLE,
        """
test_evaluator = [dict(type='mmengine.DumpResults', out_file_path='a.pkl'),
                  dict(type='IoUMetric')]""",
    )
    runs.run(compared_model(several), tmp_path, print)
    assert fake_tools[1][-2:] == [
        '--cfg-options',
        f'test_evaluator.1.output_dir={tmp_path / "A/predictions"}',
    ]
    with pytest.raises(ValueError, match='a b/.* has a blank or a comma'):
        runs.run(compared_model(several), tmp_path / 'a b', print)


@pytest.mark.parametrize(
    'log, status, told',
    [
        (
            'x\nTraceback (most recent call last):\n  File "a"\n    b\n'
            'ValueError: wrong\nmore of it\n',
            1,
            'ValueError: wrong',
        ),
        ('usage\nerror: no such option\n', 2, 'error: no such option'),
        ('', 3, 'exit status 3'),
        ('Killed\n', -9, 'ended by signal 9'),
    ],
)
def test_the_error_of_a_process_in_a_line(log, status, told):
    assert runs.last_error(log, status).startswith(told)


def test_a_process_tells_how_far_it_has_come(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, 'SECONDS_BETWEEN_LOOKS', 0.02)
    go_on, told = [tmp_path / 'on', tmp_path / 'and on'], []

    def tell(progress):
        told.append(progress)
        go_on[min(len(told), 2) - 1].touch()

    code = """
import pathlib, sys, time
print('Measured: step 2 of 30\\nMeasured: step 3 of 30', flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
print('INFO - Epoch(val) [7/9]')
print('INFO - Iter(test) [ 50/300]    eta: 0:00:01', flush=True)
while not pathlib.Path(sys.argv[2]).exists():
    time.sleep(0.01)
print('INFO - Iter(test) [100/300]', flush=True)
time.sleep(0.5)
"""
    runs._run(['-c', code, *go_on], tmp_path / 'log', tell)
    assert told == ['step 3 of 30', 'batch 50/300', 'batch 100/300']
    with pytest.raises(RuntimeError, match=r'ValueError: no \('):
        runs._run(['-c', "raise ValueError('no')"], tmp_path / 'log', tell)
    assert runs.last_progress('Measured nothing') is None
