"""PASCAL-5i's folds on a VOC folder made here."""
import numpy as np
import pytest
from mmseg.registry import DATASETS
from PIL import Image


@pytest.fixture
def voc(tmp_path):
    for folder in ('JPEGImages', 'SegmentationClassAug',
                   'ImageSets/Segmentation'):
        (tmp_path / folder).mkdir(parents=True)
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(
        tmp_path / 'JPEGImages' / 'x.jpg')
    Image.fromarray(np.full((9, 9), 15, np.uint8)).save(
        tmp_path / 'SegmentationClassAug' / 'x.png')
    (tmp_path / 'ImageSets/Segmentation/val.txt').write_text('x\n')
    return tmp_path


def build(root, fold=0, ann_file='ImageSets/Segmentation/val.txt'):
    return DATASETS.build(
        dict(
            type='PASCAL5iDataset',
            fold=fold,
            data_root=str(root),
            data_prefix=dict(
                img_path='JPEGImages', seg_map_path='SegmentationClassAug'),
            ann_file=ann_file,
            pipeline=[dict(type='LoadAnnotations')]))


@pytest.mark.parametrize('fold, first, last', [
    (0, 'aeroplane', 'bottle'), (1, 'bus', 'cow'),
    (2, 'diningtable', 'person'), (3, 'pottedplant', 'tvmonitor')
])
def test_folds(voc, fold, first, last):
    data = build(voc, fold)
    novel = data.metainfo['novel_classes']
    assert (len(novel), novel[0], novel[-1]) == (5, first, last)
    assert len(data.metainfo['base_classes']) == 15
    assert (data[0]['gt_seg_map'] == 15).all()


def test_a_missing_root_or_list_is_named(voc, tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.*data_root'):
        build(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='trian.txt does not exist'):
        build(voc, ann_file='ImageSets/Segmentation/trian.txt')


def test_bad_fold(voc):
    with pytest.raises(ValueError, match='folds 0 to 3, not 5'):
        build(voc, 5)
