"""A row's other question: its config, and the tools that are run."""

import json

import pytest
from mmengine.config import Config

from mmseg_clsclip.calibration.calibrate import write_config
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


def test_a_presence_of_the_rows_own_is_no_part_of_the_question(tmp_path):
    config, path = tmp_path / 'own.py', tmp_path / 'whole.py'
    cfg = Config.fromfile(rows.config_of('LSeg-style'))
    cfg.model.presence = dict(type='CLIPPresence', max_asked=1)
    cfg.model.test_cfg = dict(mode='whole', keep_classes=3)
    cfg.dump(config)
    for presence in (None, dict(type='CLIPPresence', weight=2.0)):
        write_whole_config(config, 0, path, presence)
        model = Config.fromfile(path).model
        assert model.get('presence') == presence
        assert model.test_cfg == dict(mode='whole')


def test_a_zoom_in_has_its_segmentors_presence(tmp_path):
    path, presence = tmp_path / 'whole.py', dict(type='CLIPPresence', sharpness=3.0)
    row_config, *zoom_ins = rows.tests_of('ClsCLIP').values()
    assert len(zoom_ins) == 4
    for config in zoom_ins:
        write_whole_config(config, 1, path, presence)
        cfg, own = Config.fromfile(path), Config.fromfile(config)
        assert cfg.model.module.pop('presence') == presence
        assert 'presence' not in cfg.model and cfg.model == own.model
        asked = cfg.test_dataloader.dataset
        assert (asked.type, asked.fold) == ('Shapes5iDataset', 1)
        assert asked.pipeline == own.test_dataloader.dataset.pipeline
    write_whole_config(row_config, 1, path, presence)
    assert Config.fromfile(path).model.presence == presence


def test_all_tests_and_one_calibration_before_them(tmp_path, monkeypatch):
    done, presence = [], dict(type='CLIPPresence', weight=2.0)

    def run_tool(*args):
        tool, config, *rest, out = args
        done.append((tool, *rest))
        assert 'presence' not in Config.fromfile(config).model
        # As the tool does.
        write_config(out, config, {}, presence)

    def run_test(run, work_dir):
        model = Config.fromfile(run.config).model
        done.append((model.type, 'presence' in model.get('module', model)))
        assert run.checkpoint == 'head.pth' and not run.options
        return dict(mIoU=30.004, hIoU=1, names_asked=2, IoU=5, protocol={})

    monkeypatch.setattr(whole_vocabulary, 'run_tool', run_tool)
    monkeypatch.setattr(whole_vocabulary, 'run_test', run_test)
    config = rows.config_of('ClsCLIP')
    tests = rows.tests_of('ClsCLIP')
    lines = ask_whole_vocabulary(tests, config, 1, 'head.pth', tmp_path)
    kinds = ['ClsCLIP', *['ZoomIn'] * 4]
    assert done == [
        ('calibrate_presence.py', 'head.pth', '--out'),
        *[(kind, presence) for kind in kinds for presence in (False, True)],
    ]
    prints = rows.fingerprints()
    names = [name for test in tests for name in rows.whole_tests_of(test)]
    assert len({prints[name] for name in names}) == 5
    for line, name in zip(lines, names, strict=True):
        assert (line.pop('row'), line.pop('config')) == (name, prints[name])
        assert json.dumps(line) == '{"mIoU": 30.0, "hIoU": 1, "names_asked": 2}'
