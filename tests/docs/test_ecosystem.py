"""The config around a data set of mmseg's draws episodes."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from mmengine.utils import is_installed
from mmseg.registry import DATASETS, METRICS, MODELS
from PIL import Image

from mmseg_clsclip.utils.config_variables import heeded_in_part, unheeded

PAGE = Path(__file__).parents[2] / 'docs/ecosystem.md'


@pytest.mark.skipif(
    not is_installed('mmsegmentation'), reason="onedl's mmengine finds mmseg:: nowhere"
)
def test_a_data_set_of_mmsegs_is_asked_for_a_class_a_sample(tmp_path):
    (text,) = re.findall(
        r'```python\n(_base_ = \[.+?)```', PAGE.read_text('utf-8'), re.S
    )
    (tmp_path / 'mine.py').write_text(text)
    cfg = Config.fromfile(tmp_path / 'mine.py')
    assert not unheeded(cfg) and not heeded_in_part(cfg)
    classes = []
    # A floor and what is not labelled below a wall, or a sofa.
    below = dict(training=[4] * 40 + [0] * 40, validation=[24] * 80)
    for split, loader in (('training', 'train'), ('validation', 'test')):
        mask = np.ones((60, 80), np.uint8)
        mask[30:] = below[split]
        for folder, kind, array in (
            ('images', 'jpg', np.zeros((60, 80, 3), np.uint8)),
            ('annotations', 'png', mask),
        ):
            path = tmp_path / folder / split / f'one.{kind}'
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(path)
        dataset = cfg[f'{loader}_dataloader'].dataset
        dataset.dataset.data_root = str(tmp_path)
        data = DATASETS.build(dataset)
        samples = [data[i]['data_samples'] for i in range(len(data))]
        assert {int(v) for s in samples for v in s.gt_sem_seg.data.unique()} <= {
            0,
            1,
            255,
        }
        classes.append({s.class_name for s in samples})
    assert classes[0] <= {'wall', 'floor'} and classes[1] == {'wall', 'sofa'}
    assert METRICS.build(cfg.test_evaluator)
    # A batch has one shape, that of the crop.
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    inputs = [
        torch.zeros(3, *size, dtype=torch.uint8) for size in ((512, 512), (300, 40))
    ]
    data = dict(inputs=inputs, data_samples=[samples[0].clone() for _ in inputs])
    for sample, image in zip(data['data_samples'], inputs):
        sample.gt_sem_seg = PixelData(data=image[:1])
    assert preprocessor(data, training=True)['inputs'].shape == (2, 3, 512, 512)
