"""Checkpoints that fit their model key by key."""
from pathlib import Path

import pytest
from mmengine.config import Config
from mmseg.registry import MODELS

from mmseg_clsclip.checkpoint import load_strictly

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py'
CHECKPOINT = str(ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth')


def test_a_checkpoint_that_does_not_fit_is_an_error():
    cfg = Config.fromfile(CONFIG)
    assert 'meta' in load_strictly(MODELS.build(cfg.model), CHECKPOINT)
    cfg.model.decode_head.num_layers = 1
    with pytest.raises(ValueError, match=r'does not fit the config: 12 '
                       r'unexpected keys \(decode_head.layers.1'):
        load_strictly(MODELS.build(cfg.model), CHECKPOINT)
    cfg.model.decode_head.update(num_layers=3, conv_channels=(8, 4))
    with pytest.raises(ValueError, match='size mismatch(.|\n)*12 missing'):
        load_strictly(MODELS.build(cfg.model), CHECKPOINT)


@pytest.mark.parametrize('content', [b'', b'some text\n'])
def test_what_is_no_checkpoint_is_named(tmp_path, content):
    path = tmp_path / 'model.pth'
    path.write_bytes(content)
    model = MODELS.build(Config.fromfile(CONFIG).model)
    with pytest.raises(ValueError, match='model.pth is no checkpoint'):
        load_strictly(model, str(path))
    path.write_bytes(Path(CHECKPOINT).read_bytes()[:500000])
    with pytest.raises(ValueError, match='model.pth is no whole checkpoint'):
        load_strictly(model, str(path))
