"""Plain data sets of our models refuse masks that mmseg would misread."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from PIL import Image

ROOT = Path(__file__).parents[3]


@pytest.fixture
def config(tmp_path):
    """ClsCLIP on whole label maps; the last of the masks has 16 bits."""
    for k in range(40):
        mask = np.full((64, 64), k % 2, np.uint16 if k == 39 else np.uint8)
        mask[:9] = 256 if k == 39 else 1
        Image.fromarray(mask).save(tmp_path / f'{k:02d}.png')
        Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / f'{k:02d}.jpg')
    cfg = Config.fromfile(ROOT / 'configs/shapes/clsclip_shapes-5i_fold1.py')
    steps = [
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations'),
        dict(type='PackSegInputs'),
    ]
    cfg.model.text_encoder.vocabulary = ['red circle']
    cfg.test_dataloader.dataset = dict(
        type='BaseSegDataset',
        data_root=str(tmp_path),
        metainfo=dict(classes=['background', 'red circle']),
        pipeline=steps,
        test_mode=True,
    )
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_evaluator = dict(type='IoUMetric')
    cfg.visualizer.vis_backends = None
    cfg.update(work_dir=str(tmp_path / 'work'), log_level='ERROR', load_from=None)
    return cfg


@pytest.mark.parametrize('workers', [0, 1])
def test_a_test(config, workers):
    config.test_dataloader.update(num_workers=workers, persistent_workers=workers > 0)
    with pytest.raises(ValueError, match=r'39\.png holds the value 256'):
        Runner.from_cfg(config).test()


def test_models_of_others_are_left_alone(config, monkeypatch):
    monkeypatch.setattr(
        'mmseg_clsclip.engine.hooks.checks.asks_by_name', lambda model: False
    )
    Runner.from_cfg(config).test()
