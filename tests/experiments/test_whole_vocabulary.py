"""A row's other question: its config, and the tools that are run."""

import json

import pytest
from mmengine.config import Config

from mmseg_clsclip.experiments import rows, whole_vocabulary
from mmseg_clsclip.experiments.whole_vocabulary import (
    ask_whole_vocabulary,
    write_whole_config,
)


@pytest.mark.parametrize('row', ['CLIPSeg-style (FiLM)', 'NACLIP, training-free'])
def test_a_rows_own_model_is_asked_for_all_names(tmp_path, row):
    path = tmp_path / 'whole.py'
    write_whole_config(rows.config_of(row), 2, path)
    cfg, own = Config.fromfile(path), Config.fromfile(rows.config_of(row))
    whole = Config.fromfile(rows.WHOLE_CONFIG)
    assert cfg.model == own.model
    assert cfg.test_evaluator == whole.test_evaluator
    asked, expected = cfg.test_dataloader.dataset, whole.test_dataloader.dataset
    assert asked.fold == 2 and asked.type == 'Shapes5iDataset'
    assert asked.pipeline == own.test_dataloader.dataset.pipeline
    assert {**asked, 'fold': 0, 'pipeline': 0} == {**expected, 'fold': 0, 'pipeline': 0}
    # What a presence is calibrated on is of the same fold, whatever was trained.
    assert cfg.train_dataloader.dataset.dataset.fold == 2
    assert cfg.train_dataloader.dataset.dataset.split == 'train'


def test_both_tests_and_the_calibration_between_them(tmp_path, monkeypatch):
    done = []

    def run_tool(*args):
        done.append([str(arg) for arg in args])

    def run_test(run, work_dir):
        done.append(run)
        return dict(mIoU=30.004, hIoU=1, names_asked=2, IoU=5, protocol={})

    monkeypatch.setattr(whole_vocabulary, 'run_tool', run_tool)
    monkeypatch.setattr(whole_vocabulary, 'run_test', run_test)
    config = rows.config_of('LSeg-style')
    lines = ask_whole_vocabulary('LSeg-style', config, 1, 'head.pth', tmp_path)
    plain, calibrated = str(tmp_path / 'whole.py'), str(tmp_path / 'presence.py')
    assert done == [
        (plain, 'head.pth', ()),
        ['calibrate_presence.py', plain, 'head.pth', '--out', calibrated],
        (calibrated, 'head.pth', ()),
    ]
    assert [line.pop('row') for line in lines] == [
        'LSeg-style: whole vocabulary',
        'LSeg-style: whole vocabulary, presence',
    ]
    for line in lines:
        assert line.pop('config') == rows.fingerprint(config, rows.WHOLE_CONFIG)
        assert json.dumps(line) == '{"mIoU": 30.0, "hIoU": 1, "names_asked": 2}'
