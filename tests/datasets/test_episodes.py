"""Episodes out of a data set whose masks are known."""
import numpy as np
import pytest
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS, TRANSFORMS
from PIL import Image

# Which labels each picture shows: 'c' (3) is novel.
PICTURES = {'one': [1], 'both': [1, 3], 'novel': [3], 'empty': []}
META = dict(
    classes=('background', 'a', 'b', 'c'),
    palette=[[0, 0, 0], [1, 1, 1], [2, 2, 2], [3, 3, 3]])


@pytest.fixture
def root(tmp_path):
    """Pictures of 8 x 8 with a 2 x 4 block for each label and a 255 row."""
    for folder in ('img', 'ann'):
        (tmp_path / folder).mkdir()
    for name, labels in PICTURES.items():
        mask = np.zeros((8, 8), np.uint8)
        for label in labels:
            mask[2 * label - 2:2 * label, :4] = label
        mask[7] = 255
        Image.fromarray(mask).save(tmp_path / 'ann' / f'{name}.png')
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(
            tmp_path / 'img' / f'{name}.jpg')
    return tmp_path


def build(root, test_mode=False, make=None, **kwargs):
    kwargs.setdefault('novel_classes', ['c'])
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations'),
        dict(make or {}, type='MakeEpisode')
    ]
    return DATASETS.build(
        dict(
            type='EpisodeDataset',
            dataset=dict(
                type=BaseSegDataset,
                data_root=str(root),
                data_prefix=dict(img_path='img', seg_map_path='ann'),
                metainfo=META,
                test_mode=test_mode),
            pipeline=pipeline,
            **kwargs))


def names(data):
    return sorted({info['img_path'].split('/')[-1][:-4]
                   for info in map(data.get_data_info, range(len(data)))})


def test_testing_is_every_eligible_pair(root):
    data = build(root, test_mode=True)
    asked = sorted((s['img_path'].split('/')[-1][:-4], s['class_name'])
                   for s in (data[i] for i in range(len(data))))
    assert asked == [('both', 'a'), ('both', 'c'), ('novel', 'c'),
                     ('one', 'a')]
    assert len(build(root, test_mode=True, min_area=8)) == 4
    with pytest.raises(ValueError, match='No sample is left of 4 pictures'):
        build(root, test_mode=True, min_area=9)


def test_a_mask_is_the_asked_class_with_255_kept(root):
    data = build(root, test_mode=True)
    for i in range(len(data)):
        sample = data[i]
        label = META['classes'].index(sample['class_name'])
        expected = np.zeros((8, 8), np.uint8)
        expected[2 * label - 2:2 * label, :4] = 1
        expected[7] = 255
        assert np.array_equal(sample['gt_seg_map'], expected)


def test_novel_handling_in_training(root):
    dropped = build(root)
    assert names(dropped) == ['empty', 'one']
    for handling, value in (('background', 0), ('ignore', 255)):
        data = build(root, novel_handling=handling)
        assert names(data) == sorted(PICTURES)
        index = [data.get_data_info(i)['img_path'].endswith('both.jpg')
                 for i in range(4)].index(True)
        sample = data[index]
        assert sample['class_name'] == 'a'
        assert (sample['gt_seg_map'][4:6, :4] == value).all()


def test_training_only_asks_for_base_classes_that_are_there(root):
    data = build(root, novel_handling='background')
    assert {data[i]['class_name'] for i in range(4) for _ in range(5)} == {'a'}


def test_absent_classes_have_an_empty_mask(root):
    np.random.seed(0)
    data = build(root, make=dict(absent_share=1.0))
    for i in range(len(data)):
        sample = data[i]
        assert sample['class_name'] in 'ab'
        assert not (sample['gt_seg_map'] == 1).any()
    shares = build(root, make=dict(absent_share=0.3))
    index = [shares.get_data_info(i)['img_path'].endswith('one.jpg')
             for i in range(2)].index(True)
    drawn = [shares[index]['class_name'] for _ in range(300)]
    assert 60 < drawn.count('b') < 120


def test_the_metainfo_names_both_groups(root):
    meta = build(root).metainfo
    assert meta['novel_classes'] == ('c', )
    assert meta['base_classes'] == ('a', 'b')
    assert build(root, novel_classes=None).metainfo['novel_classes'] == ()


def test_bad_options(root):
    with pytest.raises(ValueError, match=r"\['z'\] are not in the data set"):
        build(root, novel_classes=['z'])
    with pytest.raises(ValueError, match='one of .*drop_image'):
        build(root, novel_handling='keep')
    with pytest.raises(ValueError, match="'stop' or 'skip'"):
        build(root, unreadable='maybe')
    with pytest.raises(ValueError, match='absent_share=2: 0 to 1'):
        build(root, make=dict(absent_share=2))


def test_a_picture_that_cannot_be_read_is_named(root):
    (root / 'img' / 'one.jpg').write_text('no picture')
    data = build(root, test_mode=True)
    with pytest.raises(RuntimeError, match=r'one\.jpg could not be prepared'):
        for i in range(len(data)):
            data[i]
    data = build(root, test_mode=True, unreadable='skip')
    assert names(data) == ['both', 'novel']


def test_a_mask_value_outside_the_classes_is_named(root):
    Image.fromarray(np.full((8, 8), 9, np.uint8)).save(
        root / 'ann' / 'one.png')
    data = build(root)
    index = [data.get_data_info(i)['img_path'].endswith('one.jpg')
             for i in range(len(data))].index(True)
    with pytest.raises(RuntimeError, match=r'one\.png holds the value 9; with '
                       '4 classes a label is 0 to 3, or 255'):
        data[index]


def test_without_wrapper_or_mask_the_transform_does_nothing():
    make = TRANSFORMS.build(dict(type='MakeEpisode'))
    for results in (dict(img=1), dict(gt_seg_map=np.zeros((2, 2), np.uint8))):
        assert make(dict(results)) == results
