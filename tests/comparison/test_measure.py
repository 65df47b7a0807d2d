"""The cost of a model."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmseg_clsclip.comparison import measure

ROOT = Path(__file__).parents[2]
CHECKPOINT = ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth'
CLSCLIP = 'configs/shapes/clsclip_shapes-5i_fold0.py'


def test_costs_of_clsclip(config):
    cfg = Config.fromfile(config(CLSCLIP))
    found = measure.measure(cfg, str(CHECKPOINT))
    assert found['trained_parameters'] == 316449
    assert found['parameters'] == 1640002
    assert found['gflops'] == pytest.approx(0.0892, abs=1e-4)
    assert found['input_size'] == '64x64'
    assert found['timed'] == found['planned'] == 20 and 0 < found['seconds'] < 10
    assert found['counted'] == 5 and not found['cut'] and 'names' not in found
    assert found['memory'] >= found['libraries_memory'] > 2**20
    assert not found['random'] and 'threads' in found['machine']
    with pytest.raises(ValueError, match="316,449 parameters to train.*'random'"):
        measure.measure(cfg, None)
