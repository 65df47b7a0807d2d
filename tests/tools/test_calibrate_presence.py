"""tools/calibrate_presence.py: a config that runs, and refusals."""

import runpy
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

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
        (['model.with_background=False'], 'a CLIPSegmentor with a background'),
        (
            ['train_dataloader.dataset.type=RepeatDataset'],
            'unexpected keyword|RepeatDataset',
        ),
    ],
)
def test_what_cannot_be_calibrated(monkeypatch, options, message):
    with pytest.raises((SystemExit, TypeError), match=message):
        run(monkeypatch, CONFIG, CHECKPOINT, '--device', 'cpu', *SMALL, *options)
