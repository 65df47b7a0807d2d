"""The drawing shows boxes, regions and result, and can be saved."""

import numpy as np
import pytest
import torch
from mmcv import imread
from mmengine.structures import InstanceData, PixelData
from mmseg.structures import SegDataSample

from mmseg_clsclip.visualization import draw_zoom_in


def sample(number, masks=False):
    windows = torch.tensor([[4, 4, 12, 12]] * number).reshape(-1, 4)
    found = InstanceData(
        bboxes=windows + 0.5,
        scores=torch.rand(number),
        labels=torch.ones(number).long(),
        windows=windows,
        names=['red'] * number,
    )
    if masks:
        found.masks = [torch.ones(8, 8, dtype=torch.int16)] * number
    pred = torch.zeros(1, 20, 30).long()
    result = SegDataSample(metainfo=dict(proposal_source='Somewhere (oracle)'))
    result.set_data(dict(pred_sem_seg=PixelData(data=pred), proposals=found))
    return result


@pytest.mark.parametrize('number', [0, 1, 3, 50])
def test_any_number_of_regions_is_drawn(number, tmp_path):
    picture = np.full((20, 30, 3), 128, np.uint8)
    file = tmp_path / 'zoom.png'
    drawn = draw_zoom_in(picture, sample(number), out_file=str(file))
    assert drawn.dtype == np.uint8 and drawn.shape[2] == 3
    assert imread(str(file)).shape == drawn.shape


def test_a_region_shows_its_own_mask_in_its_class_colour():
    picture = np.full((20, 30, 3), 255, np.uint8)
    palette = [[0, 0, 0], [255, 0, 0]]

    def red(result):
        drawn = draw_zoom_in(picture, result, palette).astype(int)
        # White with 45 % of red.
        return (abs(drawn - (255, 140, 140)).max(-1) < 3).sum()

    assert red(sample(1, masks=True)) > 1000
    assert red(sample(1)) < 100


def test_names_and_files_are_no_formulas():
    result = sample(2)
    result.proposals.names = ['$^$', 'US$ and CA$']
    result.set_metainfo(dict(proposal_source='a$_$b.json'))
    assert draw_zoom_in(np.full((20, 30, 3), 128, np.uint8), result).any()
