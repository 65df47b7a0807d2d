"""COCO-20i's interleaved folds, and COCO-Object, on folders made here."""

import pickle

import numpy as np
import pytest
from mmseg.registry import DATASETS
from PIL import Image

from mmseg_clsclip.datasets.coco import COCO_CLASSES, COCO_TO_VOC, seen_among


def save(root, name, masks, pictures, labels):
    for folder in (masks, pictures):
        (root / folder).mkdir(parents=True, exist_ok=True)
    mask = np.repeat(np.array(labels, np.uint8), 10)[None].repeat(10, 0)
    Image.fromarray(mask).save(root / masks / f'{name}.png')
    Image.fromarray(np.zeros((*mask.shape, 3), np.uint8)).save(
        root / pictures / f'{name}.jpg'
    )


@pytest.fixture
def coco(tmp_path):
    """Each label is a block of 100 pixels; 1 and 5 are novel in fold 0."""
    for split in ('train', 'val'):
        for number, labels in (
            (42, (0, 1, 2)),
            (7, (80, 255, 2)),
            (9, (5, 0, 1)),
            (300, (0, 0)),
        ):
            save(
                tmp_path,
                f'COCO_{split}2014_{number:012d}',
                f'annotations/{split}2014',
                f'{split}2014',
                labels,
            )
    return tmp_path


def build(root, split='val', **kwargs):
    kwargs.setdefault('min_area', 100)
    return DATASETS.build(
        dict(
            type='COCO20iDataset',
            data_root=str(root),
            split=split,
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations'),
                dict(type='MakeEpisode'),
            ],
            **kwargs,
        )
    )


def pairs(data):
    infos = [data.get_data_info(i) for i in range(len(data))]
    return [(int(i['img_path'][-16:-4]), i.get('class_name')) for i in infos]


def test_the_classes_are_cocos_80_in_cocos_order():
    assert len(COCO_CLASSES) == len(set(COCO_CLASSES)) == 80
    # The category ids 1, 13 and 90 of instances_*.json.
    assert [COCO_CLASSES[k] for k in (0, 11, 79)] == [
        'person',
        'stop sign',
        'toothbrush',
    ]


@pytest.mark.parametrize(
    'fold, names',
    [
        (0, ('person', 'airplane', 'boat', 'parking meter')),
        (1, ('bicycle', 'bus', 'traffic light', 'bench')),
        (2, ('car', 'train', 'fire hydrant', 'bird')),
        (3, ('motorcycle', 'truck', 'stop sign', 'cat')),
    ],
)
def test_folds_are_interleaved(coco, fold, names):
    meta = build(coco, fold=fold, test_classes='all').metainfo
    novel = meta['novel_classes']
    assert novel[:4] == names
    assert novel == tuple(COCO_CLASSES[fold + 4 * v] for v in range(20))
    assert len(meta['base_classes']) == 60
    assert len(meta['palette']) == len(meta['classes']) == 81


def test_pairs_of_both_splits(coco):
    data = build(coco)
    assert pairs(data) == [(9, 'person'), (9, 'airplane'), (42, 'person')]
    assert (data[1]['gt_seg_map'][:, :10] == 1).all()
    assert data[1]['gt_seg_map'].sum() == 100
    assert data.metainfo['protocol'] == dict(
        dataset='COCO-20i',
        fold=0,
        split='val',
        novel_handling='drop_image',
        list='at least 100 pixels',
        pairs=3,
        episodes='every pair once',
    )
    assert pairs(build(coco, fold=3)) == [(7, 'toothbrush')]
    data = build(coco, 'train')
    assert 'train2014' in data.get_data_info(0)['img_path']
    assert pairs(data) == [(7, None)]
    assert len(build(coco, 'train', novel_handling='background')) == 2


def test_hsnets_pickled_lists(coco):
    """They name the folder and count from 0."""
    path = coco / 'fold0.pkl'
    path.write_bytes(
        pickle.dumps(
            {
                4: ['val2014/COCO_val2014_000000000009.jpg'],
                0: ['val2014/COCO_val2014_000000000042.jpg'],
                8: [],
            }
        )
    )
    data = build(coco, list_file=str(path))
    assert pairs(data) == [(9, 'airplane'), (42, 'person')]
    assert data.metainfo['protocol']['list'] == 'file (HSNet)'
    with pytest.raises(
        ValueError,
        match='2 of 2 ids are not among the 4 pictures .*COCO_val2014_000000000009',
    ):
        build(coco, 'train', fold=1, list_file=str(path))


def test_a_lists_name_follows_fold_and_split(coco):
    folder = coco / '{odd}'
    folder.mkdir()
    (folder / 'val_fold0.txt').write_text('COCO_val2014_000000000009 5\n')
    for files in (
        str(folder / '{split}_fold{fold}.txt'),
        [folder / 'val_fold{fold}.txt'],
    ):
        data = build(coco, list_file=files)
        assert pairs(data) == [(9, 'airplane')]
        assert data.metainfo['protocol']['list_files'] == ['val_fold0.txt']
        with pytest.raises(FileNotFoundError, match='val_fold1.txt does not exist'):
            build(coco, fold=1, list_file=files)


def refused(root, labels, **kwargs):
    split = kwargs.get('split', 'val')
    name = f'COCO_{split}2014_000000000042'
    path = root / 'list.txt'
    path.write_text(''.join(f'{name} {label}\n' for label in labels))
    with pytest.raises(ValueError, match='another fold or split') as error:
        build(root, list_file=str(path), **kwargs)
    return str(error.value)


def test_lists_of_the_contiguous_split_are_called_so(coco):
    contiguous = 'fits fold {} of the contiguous split (PANet'
    for fold in range(4):
        labels = range(20 * fold + 1, 20 * fold + 21)
        assert contiguous.format(fold) in refused(coco, labels)
        rest = [k for k in range(1, 81) if k not in labels]
        assert contiguous.format(fold) in refused(coco, rest, split='train')
    assert contiguous.format(0) in refused(coco, (1, 2))
    assert 'PANet' not in refused(coco, (1, 2, 80))


def test_lists_of_another_interleaved_fold_are_called_so(coco):
    message = refused(coco, range(2, 81, 4))
    assert message.endswith('It fits fold 1.')
    # So few labels fit both splits; the nearer mistake is the fold.
    assert refused(coco, (2, 6)).endswith('It fits fold 1.')
    base = [k for k in range(1, 81) if k % 4 != 3]
    assert refused(coco, base, split='train').endswith('It fits fold 2.')
    assert 'It fits' not in refused(coco, (1, 81))


def build_object(root, **kwargs):
    return DATASETS.build(
        dict(
            dict(
                type='COCOObjectDataset',
                data_root=str(root),
                data_prefix=dict(
                    img_path='val2017', seg_map_path='annotations/val2017'
                ),
                test_mode=True,
                pipeline=[dict(type='LoadAnnotations')],
            ),
            **kwargs,
        )
    )


@pytest.fixture
def objects(tmp_path):
    for name, labels in (('a', (0, 80)), ('b', (255, 1))):
        save(tmp_path, name, 'annotations/val2017', 'val2017', labels)
    return tmp_path


def test_coco_object_has_a_background(objects):
    data = build_object(objects)
    assert data.metainfo['classes'] == ('background', *COCO_CLASSES)
    assert len(data.metainfo['palette']) == 81
    assert np.unique(data[0]['gt_seg_map']).tolist() == [0, 80]
    assert np.unique(data[1]['gt_seg_map']).tolist() == [1, 255]
    (objects / 'ids.txt').write_text('b\n')
    assert len(build_object(objects, ann_file='ids.txt')) == 1
    assert len(build_object(objects, lazy_init=True).metainfo['classes']) == 81


def test_coco_object_says_what_is_missing(objects):
    (objects / 'annotations/val2017/b.png').unlink()
    with pytest.raises(
        FileNotFoundError,
        match=r'1 of 2 masks do not exist: '
        r'.*b\.png\. `tools/dataset_converters/coco_20i\.py',
    ):
        build_object(objects)
    with pytest.raises(FileNotFoundError, match='ids.txt does not exist'):
        build_object(objects, ann_file='ids.txt')
    (objects / 'empty').mkdir()
    with pytest.raises(ValueError, match=r'that ends in .\.jpg. in .*empty'):
        build_object(
            objects,
            data_prefix=dict(img_path='empty', seg_map_path='annotations/val2017'),
        )
    with pytest.raises(
        FileNotFoundError, match='nowhere does not exist.*data_prefix.seg_map_path'
    ):
        build_object(
            objects, data_prefix=dict(img_path='val2017', seg_map_path='nowhere')
        )


@pytest.mark.parametrize(
    'one, other',
    [
        *COCO_TO_VOC.items(),
        ('tvmonitor', 'tv monitor'),
        ('tvmonitor', 'TV'),
        ('potted_plant', 'pottedplant'),
        ('dining table', 'Dining-Table'),
        ('sheep', 'Sheep'),
        ('sheep', ' sheep\n'),
        ('Straße', 'STRASSE'),
        ('caf\u00e9', 'cafe\u0301'),
        ('-', '-'),
    ],
)
def test_a_class_is_seen_in_whatever_spelling(one, other):
    assert seen_among([one, 'dog'], ['cat', other]) == [one]
    assert seen_among([other, 'dog'], ['cat', one]) == [other]


@pytest.mark.parametrize(
    'one, other',
    [
        ('c++', 'c'),
        ('c#', 'c'),
        ('\u72d7', '\u732b'),  # dog and cat in Chinese
        ('\u0915\u093f', '\u0915\u093e'),  # they differ in a vowel's mark alone
        ('-', '_'),
        ('+', '#'),
        ('tv', 'monitor'),
        ('', '-'),
    ],
)
def test_other_names_are_of_other_classes(one, other):
    assert seen_among([one], [other]) == seen_among([other], [one]) == []
