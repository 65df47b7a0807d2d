"""Pictures keep their aspect, in training and in tests; padding is the mean."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from PIL import Image

import mmseg_clsclip  # noqa: F401

ROOT = Path(__file__).parents[2]
PLAIN = 'clsclip/clsclip_vit-b16_pascal-5i-480x480_fold0'
TRAINED = [
    PLAIN,
    f'{PLAIN}_bam',
    f'{PLAIN}_esda',
    'clsclip/clsclip_vit-b16_coco-20i-480x480_fold2',
    'baselines/film_vit-b16_pascal-5i-480x480_fold0',
    'generalized/clsclip_vit-b16_voc-15-5-480x480',
    'custom/clsclip_vit-b16_custom',
]
RADIUS = 80


@pytest.fixture
def disk(tmp_path):
    """A picture of 500 x 375, as many of VOC's are, with a round object."""
    init_default_scope('mmseg')
    y, x = np.mgrid[:375, :500]
    mask = ((y - 187) ** 2 + (x - 250) ** 2 < RADIUS**2).astype(np.uint8)
    paths = dict(img_path=tmp_path / 'p.png', seg_map_path=tmp_path / 'm.png')
    Image.fromarray(np.full((375, 500, 3), 255, np.uint8)).save(paths['img_path'])
    Image.fromarray(mask).save(paths['seg_map_path'])
    return dict(
        {key: str(path) for key, path in paths.items()},
        reduce_zero_label=False,
        label_map=None,
        classes=('background', 'disk'),
        base_classes=('disk',),
    )


def sides(mask):
    """Height and width of what is 1."""
    rows, columns = np.nonzero(np.asarray(mask) == 1)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


@pytest.mark.parametrize('name', TRAINED)
def test_a_disk_stays_round_in_training(name, disk):
    np.random.seed(0)
    cfg = Config.fromfile(ROOT / f'configs/{name}.py')
    pipeline = Compose(cfg.train_dataloader.dataset.pipeline)
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    # Of the picture, for the side that is 480 in the test, 500 in ESDA's.
    scale = 500 / 500 if 'esda' in name else 480 / 500
    if 'generalized' in name:
        scale = 480 / 375
    scales, padded, rotated = [], 0, 0
    for _ in range(40):
        sample = pipeline(dict(disk, seg_fields=[]))
        batch = preprocessor(
            dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']]),
            training=True,
        )
        picture = batch['inputs'][0]
        labels = batch['data_samples'][0].gt_sem_seg.data[0]
        assert picture.shape[1:] == labels.shape == (480, 480)
        height, width = sides(labels)
        assert abs(height - width) <= 2
        scales.append(height / (2 * RADIUS))
        # The picture is white, so whatever is the mean is padding.
        assert set(labels.unique().tolist()) <= {0, 1, 255}
        added = torch.zeros(480, 480, dtype=bool)
        height, width = sample['inputs'].shape[1:]
        added[height:], added[:, width:] = True, True
        assert (picture[:, added] == 0).all() and (labels[added] == 255).all()
        # 8 bits cannot hold the mean to the digit.
        corners = ~added & (picture.abs() < 0.01).all(0)
        assert (labels[corners] == 255).all()
        assert (picture[:, labels != 255] > 0.01).all()
        padded, rotated = padded + added.any(), rotated + corners.any()
    low, high = min(scales) / scale, max(scales) / scale
    assert 0.88 < low < 0.95 and 1.05 < high < 1.12
    assert 10 < rotated < 30
    assert padded == (padded if 'generalized' in name else 40)


@pytest.mark.parametrize('name', [n for n in TRAINED if 'generalized' not in n])
def test_and_in_the_test(name, disk):
    cfg = Config.fromfile(ROOT / f'configs/{name}.py')
    steps = [s for s in cfg.test_dataloader.dataset.pipeline if s.type != 'MakeEpisode']
    load, *geometry, pack = steps
    # The labels are changed as the picture is, to be looked at.
    changed = [s for s in geometry if s.type != 'LoadAnnotations']
    labels = next(s for s in geometry if s.type == 'LoadAnnotations')
    square = Compose([load, *changed])(dict(disk, img_path=disk['seg_map_path']))
    size = square['img'].shape
    assert size == (480, 480, 3)
    height, width = sides(square['img'][..., 0])
    assert abs(height - width) <= 2 and abs(height - 2 * RADIUS * 0.96) <= 2
    packed = Compose(steps)(dict(disk, seg_fields=[]))
    meta, truth = packed['data_samples'].metainfo, packed['data_samples'].gt_sem_seg
    if 'BAMLetterbox' in [step.type for step in changed]:
        assert meta['geometry'] == 'BAM letterbox' and truth.shape == (500, 500)
        assert (packed['inputs'][:, 360:] == 0).all()
        return
    assert meta['geometry'] == 'letterbox' and labels
    assert tuple(meta['padding_size']) == (0, 0, 0, 120) and truth.shape == (375, 500)
    picture = MODELS.build(cfg.model.data_preprocessor)(
        dict(inputs=[packed['inputs']], data_samples=[packed['data_samples']])
    )['inputs'][0]
    assert picture[:, 360:].abs().max() < 0.01 and picture[:, :360].min() > 1
