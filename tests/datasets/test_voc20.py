"""VOC without background."""

import numpy as np
import pytest
from mmseg.registry import DATASETS
from PIL import Image


def test_the_background_is_ignored_and_labels_move_down(tmp_path):
    for folder in ('img', 'ann'):
        (tmp_path / folder).mkdir()
    mask = np.array([[0, 1], [20, 255]], np.uint8)
    Image.fromarray(mask).save(tmp_path / 'ann/x.png')
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / 'img/x.jpg')
    cfg = dict(
        type='PascalVOCDataset20',
        data_root=str(tmp_path),
        data_prefix=dict(img_path='img', seg_map_path='ann'),
        pipeline=[dict(type='LoadAnnotations')],
    )
    # As mmseg's own of other benchmarks are written.
    assert len(DATASETS.build(dict(cfg, reduce_zero_label=True))) == 1
    with pytest.raises(ValueError, match='has no background'):
        DATASETS.build(dict(cfg, reduce_zero_label=False))
    data = DATASETS.build(cfg)
    classes = data.metainfo['classes']
    assert (len(classes), classes[0], classes[19]) == (20, 'aeroplane', 'tvmonitor')
    assert len(data.metainfo['palette']) == 20
    assert data[0]['gt_seg_map'].tolist() == [[255, 0], [19, 255]]
