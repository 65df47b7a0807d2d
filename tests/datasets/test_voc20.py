"""VOC without background."""

import numpy as np
from mmseg.registry import DATASETS
from PIL import Image


def test_the_background_is_ignored_and_labels_move_down(tmp_path):
    for folder in ('img', 'ann'):
        (tmp_path / folder).mkdir()
    mask = np.array([[0, 1], [20, 255]], np.uint8)
    Image.fromarray(mask).save(tmp_path / 'ann/x.png')
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / 'img/x.jpg')
    data = DATASETS.build(
        dict(
            type='PascalVOCDataset20',
            data_root=str(tmp_path),
            data_prefix=dict(img_path='img', seg_map_path='ann'),
            pipeline=[dict(type='LoadAnnotations')],
        )
    )
    classes = data.metainfo['classes']
    assert (len(classes), classes[0], classes[19]) == (20, 'aeroplane', 'tvmonitor')
    assert len(data.metainfo['palette']) == 20
    assert data[0]['gt_seg_map'].tolist() == [[255, 0], [19, 255]]
