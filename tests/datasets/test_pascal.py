"""PASCAL-5i's folds on a VOC folder made here."""

import numpy as np
import pytest
from mmseg.registry import DATASETS
from PIL import Image

# Label and width of the columns of each picture, 64 high: 2,048 pixels are
# 32 columns.
PICTURES = {
    'a': [(1, 32)],
    'b': [(1, 40), (6, 40)],
    'c': [(6, 40)],
    'd': [(15, 40), (20, 31)],
    'e': [(1, 31), (7, 40)],
}


@pytest.fixture
def voc(tmp_path):
    for folder in ('JPEGImages', 'SegmentationClassAug', 'ImageSets/Segmentation'):
        (tmp_path / folder).mkdir(parents=True)
    for name, columns in PICTURES.items():
        mask = np.zeros((64, 100), np.uint8)
        left = 0
        for label, width in columns:
            mask[:, left : left + width] = label
            left += width
        mask[:, 99] = 255
        Image.fromarray(mask).save(tmp_path / 'SegmentationClassAug' / f'{name}.png')
        Image.fromarray(np.zeros((64, 100, 3), np.uint8)).save(
            tmp_path / 'JPEGImages' / f'{name}.jpg'
        )
    for split in ('train', 'val'):
        (tmp_path / f'ImageSets/Segmentation/{split}.txt').write_text(
            '\n'.join(PICTURES)
        )
    return tmp_path


def build(root, **kwargs):
    return DATASETS.build(
        dict(
            type='PASCAL5iDataset',
            data_root=str(root),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations'),
                dict(type='MakeEpisode'),
            ],
            **kwargs,
        )
    )


def pairs(data):
    return [
        (s['img_path'][-5], s['class_name'])
        for s in (data[i] for i in range(len(data)))
    ]


def pictures(data):
    return ''.join(data.get_data_info(i)['img_path'][-5] for i in range(len(data)))


@pytest.mark.parametrize(
    'fold, first, last',
    [
        (0, 'aeroplane', 'bottle'),
        (1, 'bus', 'cow'),
        (2, 'diningtable', 'person'),
        (3, 'pottedplant', 'tvmonitor'),
    ],
)
def test_folds(voc, fold, first, last):
    data = build(voc, fold=fold, min_area=1)
    novel = data.metainfo['novel_classes']
    assert (len(novel), novel[0], novel[-1]) == (5, first, last)
    base = data.metainfo['base_classes']
    assert len(base) == 15 and not set(base) & set(novel)
    assert 'background' not in base
    assert {name for _, name in pairs(data)} <= set(novel)


def test_val_is_every_pair_of_a_novel_class_of_2048_pixels(voc):
    assert pairs(build(voc)) == [('a', 'aeroplane'), ('b', 'aeroplane')]
    assert pairs(build(voc, fold=1)) == [('b', 'bus'), ('c', 'bus'), ('e', 'car')]
    assert pairs(build(voc, fold=3, min_area=31 * 64)) == [('d', 'tvmonitor')]
    with pytest.raises(ValueError, match='No sample is left of 5 pictures'):
        build(voc, fold=3)
    assert len(build(voc, fold=3, test_classes='all')) == 6


def test_a_list_of_the_other_split_is_refused(voc):
    folder = voc / 'ImageSets/Segmentation'
    (folder / 'train.txt').write_text('a\nc\nd\n')
    (folder / 'val.txt').write_text('b\ne\n')
    file = voc / 'fold0.txt'
    file.write_text('b 1\na 1\n')
    with pytest.raises(
        ValueError,
        match=r"fold0.txt: 1 pictures are of VOC's "
        r"train.txt: a.*that of 'val'",
    ):
        build(voc, list_file=str(file))
    file.write_text('c 6\nb 6\n')
    with pytest.raises(ValueError, match="VOC's val.txt: b.*that of 'train'"):
        build(voc, split='train', list_file=str(file))
    file.write_text('b 1\n')
    assert pairs(build(voc, list_file=str(file))) == [('b', 'aeroplane')]


def test_one_folder_may_be_another(voc):
    (voc / 'SegmentationClassAug').rename(voc / 'Mine')
    data = build(voc, data_prefix=dict(seg_map_path='Mine'))
    assert pairs(data) == [('a', 'aeroplane'), ('b', 'aeroplane')]


def test_train_is_what_novel_handling_says(voc):
    # 31 columns of a novel class are enough to drop e.
    assert pictures(build(voc, split='train')) == 'cd'
    for handling, value in (('background', 0), ('ignore', 255)):
        data = build(voc, split='train', novel_handling=handling)
        assert pictures(data) == 'bcde'
        sample = data[0]
        assert sample['class_name'] == 'bus'
        assert (sample['gt_seg_map'][:, :40] == value).all()
        assert (sample['gt_seg_map'][:, 40:80] == 1).all()
    # tvmonitor in d is too small to be asked for.
    data = build(voc, split='train')
    assert {data[1]['class_name'] for _ in range(30)} == {'person'}


def test_hsnets_lists_in_training_and_testing(voc):
    """Three folds joined to train on, and the fourth to test on."""
    for fold, text in enumerate(
        ('a__01\nb__01\ne__01\n', 'b__06\ne__07\n', 'd__15\n', 'd__20\n')
    ):
        (voc / f'fold{fold}.txt').write_text(text)
    files = [str(voc / f'fold{fold}.txt') for fold in range(4)]
    data = build(voc, list_file=files[0])
    assert pairs(data) == [(p, 'aeroplane') for p in 'abe']
    data = build(voc, split='train', list_file=files[1:], novel_handling='background')
    assert pictures(data) == 'bed'
    assert {data[2]['class_name'] for _ in range(30)} == {'person', 'tvmonitor'}
    assert not (data[0]['gt_seg_map'][:, :40] == 1).any()
    with pytest.raises(
        ValueError,
        match=r'fold1\.txt asks for the labels 6, '
        '7, but here testing asks for 1, 2, 3, 4, 5: it is the '
        'list of another fold',
    ):
        build(voc, list_file=files[1])
    with pytest.raises(ValueError, match='the labels 1, but here training'):
        build(voc, split='train', list_file=files)


def test_the_protocol_says_all(voc):
    data = build(voc, fold=1, episodes=1000, seed=5, novel_handling='ignore')
    assert len(data) == 1000
    assert data.metainfo['protocol'] == dict(
        dataset='PASCAL-5i',
        fold=1,
        split='val',
        novel_handling='ignore',
        list='at least 2048 pixels',
        pairs=3,
        episodes='1000, seed 5',
    )
    data = build(voc, fold=1, episodes=1000, test_classes='all')
    assert data.metainfo['protocol']['test_classes'] == 'all'
    (voc / 'mine.txt').write_text('e 7\n')
    data = build(voc, fold=1, list_file=str(voc / 'mine.txt'))
    assert data.metainfo['protocol'] == dict(
        dataset='PASCAL-5i',
        fold=1,
        split='val',
        novel_handling='drop_image',
        list='file (id class)',
        list_files=['mine.txt'],
        pairs=1,
        episodes='every pair once',
    )


def test_a_part_of_the_pictures_is_told_from_the_whole(voc):
    (voc / 'mine.txt').write_text('\n'.join([*PICTURES][:2]))
    usual = 'ImageSets/Segmentation/val.txt'
    for file, told in (None, None), (usual, None), ('mine.txt', 'mine.txt'):
        protocol = build(voc, split='val', ann_file=file).metainfo['protocol']
        assert protocol.get('pictures_of') == told


def test_a_missing_root_or_list_is_named(voc, tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.*data_root'):
        build(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='trian.txt does not exist'):
        build(voc, ann_file='ImageSets/Segmentation/trian.txt')
    with pytest.raises(FileNotFoundError, match='SegmentationClass does not'):
        build(
            voc,
            data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
        )
    with pytest.raises(FileNotFoundError, match='list nowhere.txt does not'):
        build(voc, list_file='nowhere.txt')


def test_bad_fold_and_split(voc):
    with pytest.raises(ValueError, match='fold=5: write a fold, 0 to 3'):
        build(voc, fold=5)
    with pytest.raises(ValueError, match="split='test': write 'train' or 'val'"):
        build(voc, split='test')


@pytest.mark.parametrize(
    'option, message',
    [
        (dict(fold='0'), "fold='0': write a fold, 0 to 3"),
        (dict(fold=True), 'fold=True: write a fold, 0 to 3'),
        (dict(fold=1.0), r'fold=1\.0: write a fold, 0 to 3'),
        (dict(fold=-1), 'fold=-1: write a fold, 0 to 3'),
        (dict(fold=None), 'fold=None: write a fold, 0 to 3'),
        (dict(split=['val']), r"split=\['val'\]: write 'train' or 'val'"),
        (dict(data_root=5), 'data_root=5: write a text or None'),
        (dict(ann_file=['val.txt']), r"ann_file=\['val\.txt'\]: write a text or None"),
        (dict(data_prefix='img'), "data_prefix='img': write a dict or None"),
        (dict(data_prefix=dict(img_path=3)), 'data_prefix=.*: write a dict or None'),
        (dict(min_area=-1), 'min_area=-1: write a number of pixels'),
    ],
)
def test_arguments_that_are_none(voc, option, message):
    with pytest.raises(ValueError, match=message):
        DATASETS.build({'type': 'PASCAL5iDataset', 'data_root': str(voc), **option})
