"""Attention in samples of a config."""

import pytest
import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_clsclip.utils.config_files import configs_folder
from mmseg_clsclip.visualization.navigation_views import view_navigation


def test_padding_is_no_part_of_the_picture():
    config = configs_folder() / 'shapes/clsclip_shapes-5i_fold0.py'
    model = MODELS.build(Config.fromfile(config).model).eval()
    # 80 x 128, at half its size on 64 x 64: the last 24 rows are padding.
    truth = torch.zeros(1, 80, 128, dtype=torch.uint8)
    truth[:, 40:, 64:] = 1
    sample = SegDataSample(
        metainfo=dict(
            ori_shape=(80, 128), img_shape=(64, 64), padding_size=(0, 0, 0, 24)
        ),
        gt_sem_seg=PixelData(data=truth),
    )
    data = dict(inputs=torch.zeros(3, 64, 64, dtype=torch.uint8), data_samples=sample)
    view = view_navigation(model, data, dict(none=None))
    assert view.reach == (64 / 40, 1)
    assert view.area == pytest.approx(20 * 32 / 64**2)
    # Patches of 8 pixels: rows 2.5 to 5 of the maps, the right half.
    maps = view.maps.double()
    inside = maps[..., 2, 4:].sum(-1) / 2 + maps[..., 3:5, 4:].sum((-2, -1))
    want = inside / maps.sum((-2, -1))
    torch.testing.assert_close(view.shares.double(), want)
