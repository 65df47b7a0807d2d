"""tools/calibrate_presence.py: a config that runs, and refusals."""

import runpy
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from mmseg_clsclip.calibration import calibrate as calibrate_module
from mmseg_clsclip.calibration.calibrate import calibrate, write_config
from mmseg_clsclip.models.clip.loading import ASSETS

ROOT = Path(__file__).parents[2]
TOOL = str(ROOT / 'tools/calibrate_presence.py')
CONFIG = str(ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py')
CHECKPOINT = str(ASSETS / 'clsclip_shapes-5i_fold0.pth')
SMALL = ['--cfg-options', 'train_dataloader.dataset.dataset.length=12']


def run(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', [TOOL, *map(str, args)])
    runpy.run_path(TOOL, run_name='__main__')


def test_what_is_written_is_a_config(monkeypatch, tmp_path, capsys):
    out = tmp_path / 'made/presence.py'
    run(
        monkeypatch,
        *(CONFIG, CHECKPOINT, '--pictures', 2, '--device', 'cpu', '--out', out),
        *SMALL,
        'model.presence.views=whole',
    )
    told = capsys.readouterr().out
    assert 'names asked' in told and f'Wrote {out}' in told
    cfg = Config.fromfile(out)
    presence = cfg.model.presence
    assert cfg.model.type == 'ClsCLIP' and presence.views == 'whole'
    assert cfg.train_dataloader.dataset.dataset.length == 12  # an option of the run
    assert presence.calibration.clip.startswith('shapes-clip@')
    assert presence.calibration.chosen_on == (
        '2 training pictures and 15 base classes of Shapes-5i, fold 0'
    )


@pytest.mark.parametrize(
    'options, message',
    [
        (["model.text_encoder.vocabulary=['dog']"], 'base classes .* are no names'),
        (['model.with_background=False'], 'a model with_background=True'),
        (
            ['train_dataloader.dataset.type=RepeatDataset'],
            'unexpected keyword|RepeatDataset',
        ),
    ],
)
def test_what_cannot_be_calibrated(monkeypatch, options, message):
    with pytest.raises((SystemExit, TypeError), match=message):
        run(monkeypatch, CONFIG, CHECKPOINT, '--device', 'cpu', *SMALL, *options)


def test_names_that_a_file_of_embeddings_has_are_not_read_by_the_tower():
    cfg = Config.fromfile(CONFIG)
    cfg.model.text_encoder.vocabulary = dict(embeddings='a.npy', names='voc')
    with pytest.raises(ValueError, match='not by a file of embeddings'):
        calibrate_module.calibrate(cfg, CHECKPOINT, 2)


def test_options_of_lists_stay(tmp_path):
    options = {
        'train_dataloader.dataset.pipeline.1.min_area': 7,
        'model.test_cfg.keep_classes': None,
    }
    write_config(tmp_path / 'out.py', Path(CONFIG), options, dict(type='CLIPPresence'))
    got, want = Config.fromfile(tmp_path / 'out.py'), Config.fromfile(CONFIG)
    want.merge_from_dict(options)
    assert got.train_dataloader == want.train_dataloader
    assert got.model == dict(want.model, presence=dict(type='CLIPPresence'))


@pytest.mark.parametrize(
    'config, options, message',
    [
        ('open_vocabulary/clsclip_vit-b16_voc21-336.py', [], 'no train_dataloader'),
        (
            'clsclip_plus/clsclip-plus_shapes-5i_fold0.py',
            [],
            'ZoomIn: a CLIPSegmentor is asked; of a ZoomIn calibrate the module',
        ),
        (
            'shapes/clsclip_shapes-5i_fold0.py',
            ['model.test_cfg.keep_classes=3'],
            'keep_classes is a presence, too.*model.test_cfg.keep_classes=None',
        ),
    ],
)
def test_configs_that_are_not_calibrated(monkeypatch, config, options, message):
    with pytest.raises(SystemExit, match=message):
        options = ['--cfg-options', *options] if options else []
        run(monkeypatch, ROOT / 'configs' / config, 'none', *options)


def test_where_nothing_can_be_written_nothing_is_done(monkeypatch, tmp_path):
    (tmp_path / 'file').touch()
    monkeypatch.setattr(calibrate_module, 'calibrate', pytest.fail)
    with pytest.raises(SystemExit, match='calibrate_presence.py: .*file'):
        run(monkeypatch, CONFIG, CHECKPOINT, '--out', tmp_path / 'file/presence.py')


@pytest.mark.parametrize(
    'out, options, message',
    [
        ('own.py', [], 'would inherit from itself'),
        ('base.py', [], 'would inherit from itself'),
        ('made', [], r'a config is called \*.py'),
        ('made.py', ['model.test_cfg._delete_=True'], 'into a config of your own'),
    ],
)
def test_what_could_not_be_written_is_said_before(
    monkeypatch, tmp_path, out, options, message
):
    Config.fromfile(CONFIG).dump(tmp_path / 'base.py')
    (tmp_path / 'own.py').write_text("_base_ = './base.py'\n")
    monkeypatch.setattr(calibrate_module, 'calibrate', pytest.fail)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(SystemExit, match=message):
        args = [
            '--out',
            tmp_path / out,
            *(['--cfg-options', *options] if options else []),
        ]
        run(monkeypatch, tmp_path / 'own.py', CHECKPOINT, *args)
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


def test_what_is_trained_is_not_calibrated_untrained(monkeypatch):
    with pytest.raises(SystemExit, match='does not fit the config: .* missing'):
        run(monkeypatch, CONFIG, 'none', '--device', 'cpu', *SMALL)


@pytest.mark.parametrize('threshold', ['prob_thd', 'area_thd'])
def test_thresholds_hide_what_a_presence_does(threshold):
    cfg = Config.fromfile(ROOT / 'configs/baselines/naclip_shapes-5i_fold0.py')
    cfg.train_dataloader = Config.fromfile(CONFIG).train_dataloader
    cfg.train_dataloader.dataset.dataset.length = 12
    cfg.model.update(type='QueryDenseCLIP', **{threshold: 0.3})
    with pytest.raises(ValueError, match='model.prob_thd=0 model.area_thd=0'):
        calibrate(cfg, 'none', 2, 'cpu')
