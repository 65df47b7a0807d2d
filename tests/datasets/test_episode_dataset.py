"""Episodes out of a data set whose masks are known."""

import ast
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import DATASETS, TRANSFORMS
from PIL import Image

from mmseg_clsclip.datasets import listed_pairs

# Which labels each picture shows: 'c' (3) is novel.
PICTURES = {'one': [1], 'both': [1, 3], 'novel': [3], 'empty': []}
META = dict(
    classes=('background', 'a', 'b', 'c'),
    palette=[[0, 0, 0], [1, 1, 1], [2, 2, 2], [3, 3, 3]],
)


@pytest.fixture
def root(tmp_path):
    """Pictures of 8 x 8 with a 2 x 4 block for each label and a 255 row."""
    for folder in ('img', 'ann'):
        (tmp_path / folder).mkdir()
    for name, labels in PICTURES.items():
        mask = np.zeros((8, 8), np.uint8)
        for label in labels:
            mask[2 * label - 2 : 2 * label, :4] = label
        mask[7] = 255
        Image.fromarray(mask).save(tmp_path / 'ann' / f'{name}.png')
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(
            tmp_path / 'img' / f'{name}.jpg'
        )
    return tmp_path


def build(root, test_mode=False, make=None, loader=None, **kwargs):
    kwargs.setdefault('novel_classes', ['c'])
    pipeline = [
        dict(type='LoadImageFromFile'),
        loader or dict(type='LoadAnnotations'),
        dict(make or {}, type='MakeEpisode'),
    ]
    return DATASETS.build(
        dict(
            type='EpisodeDataset',
            dataset=dict(
                type=BaseSegDataset,
                data_root=str(root),
                data_prefix=dict(img_path='img', seg_map_path='ann'),
                metainfo=META,
                test_mode=test_mode,
            ),
            pipeline=pipeline,
            **kwargs,
        )
    )


def names(data):
    return sorted(
        {
            info['img_path'].split('/')[-1][:-4]
            for info in map(data.get_data_info, range(len(data)))
        }
    )


def test_testing_is_every_eligible_pair(root):
    data = build(root, test_mode=True)
    asked = sorted(
        (s['img_path'].split('/')[-1][:-4], s['class_name'])
        for s in (data[i] for i in range(len(data)))
    )
    assert asked == [('both', 'a'), ('both', 'c'), ('novel', 'c'), ('one', 'a')]
    assert len(build(root, test_mode=True, min_area=8)) == 4
    with pytest.raises(ValueError, match='No sample is left of 4 pictures'):
        build(root, test_mode=True, min_area=9)


def test_a_mask_is_the_asked_class_with_255_kept(root):
    data = build(root, test_mode=True)
    for i in range(len(data)):
        sample = data[i]
        label = META['classes'].index(sample['class_name'])
        expected = np.zeros((8, 8), np.uint8)
        expected[2 * label - 2 : 2 * label, :4] = 1
        expected[7] = 255
        assert np.array_equal(sample['gt_seg_map'], expected)


def test_novel_handling_in_training(root):
    dropped = build(root)
    assert names(dropped) == ['one']
    for handling, value in (('background', 0), ('ignore', 255)):
        data = build(root, novel_handling=handling)
        assert names(data) == sorted(PICTURES)
        index = [
            data.get_data_info(i)['img_path'].endswith('both.jpg') for i in range(4)
        ].index(True)
        sample = data[index]
        assert sample['class_name'] == 'a'
        assert (sample['gt_seg_map'][4:6, :4] == value).all()


def test_training_only_asks_for_base_classes_that_are_there(root):
    data = build(root, novel_handling='background')
    assert {data[i]['class_name'] for i in range(4) for _ in range(5)} == {'a'}


def test_what_a_crop_left_too_little_of_is_drawn_anew(root):
    few = build(root, novel_handling='background', make=dict(min_area=9))
    with pytest.raises(RuntimeError, match='The pipeline gives no sample'):
        few[0]
    path = root / 'ann/both.png'
    mask = np.asarray(Image.open(path)).copy()
    mask[:2] = 1
    Image.fromarray(mask).save(path)
    for i in range(4):
        sample = few[i]
        assert sample['img_path'].endswith('both.jpg')
        assert sample['class_name'] == 'a'


def test_absent_classes_have_an_empty_mask(root):
    np.random.seed(0)
    data = build(root, make=dict(absent_share=1.0))
    for i in range(len(data)):
        sample = data[i]
        assert sample['class_name'] in 'ab'
        assert not (sample['gt_seg_map'] == 1).any()
    ignored = dict(
        gt_seg_map=np.full((4, 4), 255, np.uint8),
        classes=META['classes'],
        base_classes=['a', 'b'],
    )
    make = TRANSFORMS.build(dict(type='MakeEpisode', absent_share=1.0))
    assert make.transform(ignored) is None
    shares = build(root, make=dict(absent_share=0.3))
    assert names(shares) == ['one']
    drawn = [shares[0]['class_name'] for _ in range(300)]
    assert 60 < drawn.count('b') < 120


def test_any_class_that_is_there_as_esda_draws(root):
    # The list names one class of a picture with two.
    mask = np.zeros((8, 8), np.uint8)
    mask[:4], mask[4] = 1, 2
    Image.fromarray(mask).save(root / 'ann' / 'one.png')
    for any_present, expected in ((False, {'a'}), (True, {'a', 'b'})):
        np.random.seed(0)
        data = build(root, min_area=20, make=dict(any_present=any_present))
        assert names(data) == ['one']
        assert {data[0]['class_name'] for _ in range(30)} == expected


def test_a_class_that_is_drawn_before_the_cropping_may_be_lost(root):
    np.random.seed(0)
    data = build(root)
    load, label, make = data.pipeline.transforms
    crop = TRANSFORMS.build(dict(type='RandomCrop', crop_size=(2, 8)))
    for steps, seen in (
        ([load, label, make, crop], {True, False}),
        ([load, label, crop, make], {True}),
    ):
        data.pipeline.transforms = steps
        samples = [data[0] for _ in range(40)]
        assert {(s['gt_seg_map'] == 1).any().item() for s in samples} == seen
        assert {s['class_name'] for s in samples} == {'a'}
        assert {s['gt_seg_map'].shape for s in samples} == {(2, 8)}


def make_several(present, number, share):
    """A sample of 20 base classes, of which the first few are there."""
    classes = [f'c{k}' for k in range(20)]
    labels = np.full((6, 6), 20, np.uint8)  # the last one is novel
    for k in range(present):
        labels[k] = k
    labels[5] = 255
    make = TRANSFORMS.build(
        dict(type='MakeEpisode', names_per_picture=number, absent_share=share)
    )
    return labels, make.transform(
        dict(gt_seg_map=labels, classes=[*classes, 'novel'], base_classes=classes)
    )


@pytest.mark.parametrize(
    'present, number, share, shown',
    [(3, 4, 0.5, 2), (1, 4, 0.5, 1), (3, 2, 0, 2), (3, 4, 0, 3), (2, 3, 1, 0)],
)
def test_several_names_of_a_picture(present, number, share, shown):
    np.random.seed(0)
    drawn = set()
    for _ in range(20):
        labels, sample = make_several(present, number, share)
        names = sample['class_name']
        drawn.add(names)
        assert len(set(names)) == number and 'novel' not in names
        own = [int(name[1:]) for name in names]
        assert sum(k < present for k in own) == shown
        expected = np.zeros((6, 6), np.uint8)
        for i, k in enumerate(own):
            expected[labels == k] = i + 1
        expected[5] = 255
        np.testing.assert_array_equal(sample['gt_seg_map'], expected)
    assert len(drawn) > 1


def test_several_names_where_there_are_too_few():
    with pytest.raises(
        ValueError, match='names_per_picture=21, and there are 20 base classes'
    ):
        make_several(2, 21, 0.5)
    with pytest.raises(ValueError, match='names_per_picture=0: write a whole number'):
        make_several(2, 0, 0.5)
    # Absent ones would be left, but of three names some shall be there.
    assert make_several(0, 3, 0.5)[1] is None
    assert make_several(0, 3, 1)[1] is not None


def test_the_metainfo_names_both_groups(root):
    meta = build(root).metainfo
    assert meta['novel_classes'] == ('c',)
    assert meta['base_classes'] == ('a', 'b')
    assert build(root, novel_classes=None).metainfo['novel_classes'] == ()


def test_a_validation_asks_for_base_classes_alone(root):
    asked = {
        kind: {
            dataset.get_data_info(index)['class_name'] for index in range(len(dataset))
        }
        for kind in ('all', 'novel', 'base')
        for dataset in [build(root, test_mode=True, test_classes=kind)]
    }
    assert asked == dict(all={'a', 'c'}, novel={'c'}, base={'a'})


def test_a_novel_class_that_is_named_twice_is_one(root):
    options = dict(test_mode=True, test_classes='novel')
    once, twice = (
        build(root, **options, novel_classes=['c'] * number) for number in (1, 2)
    )
    assert twice.samples == once.samples
    assert twice.metainfo['novel_classes'] == ('c',)


def test_bad_options(root):
    with pytest.raises(ValueError, match=r"\['z'\] are not in the data set"):
        build(root, novel_classes=['z'])
    with pytest.raises(
        ValueError, match="novel_handling='keep': write one of 'drop_image'"
    ):
        build(root, novel_handling='keep')
    with pytest.raises(ValueError, match="unreadable='maybe': write 'stop' or 'skip'"):
        build(root, unreadable='maybe')
    with pytest.raises(ValueError, match=r"test_classes='.*'all', 'novel', 'base'"):
        build(root, test_classes='old')
    with pytest.raises(
        ValueError, match='episodes=0: write a whole number from 1 up or one of'
    ):
        build(root, test_mode=True, episodes=0)
    for share in (2, -0.1, float('nan'), '0.5', None, True):
        with pytest.raises(
            ValueError, match=f'absent_share={share!r}: write a number from 0 to 1'
        ):
            build(root, make=dict(absent_share=share))
    for area in (-1, 0, float('nan'), float('inf'), '9', None, True, [9]):
        for kwargs in (dict(min_area=area), dict(make=dict(min_area=area))):
            with pytest.raises(ValueError, match='min_area=.*of pixels, 1 or'):
                build(root, **kwargs)
    for number in (1.5, -3, '2', True, [2]):
        with pytest.raises(
            ValueError, match='episodes=.*: write a whole number from 1 up or'
        ):
            build(root, test_mode=True, episodes=number)
    for seed in ('x', -1, 1.5, 2**32):
        with pytest.raises(ValueError, match='seed=.*: write a whole number from 0'):
            build(root, seed=seed)
    with pytest.raises(ValueError, match=r"novel_classes='c': write a list: \['c'\]"):
        build(root, novel_classes='c')
    for files in (5, [], [5], {}):
        with pytest.raises(ValueError, match='list_file=.*a (path, or|text or) a list'):
            build(root, list_file=files)
    with pytest.raises(IsADirectoryError, match='list_file=.*is a folder'):
        build(root, list_file=str(root))
    assert (
        len(
            build(
                root,
                test_mode=True,
                min_area=7.5,
                episodes=np.int64(2),
                seed=np.int64(3),
            )
        )
        == 2
    )


@pytest.mark.parametrize(
    'option, message',
    [
        (
            dict(img_suffix='.bmp'),
            "BaseSegDataset: no picture that ends in '.bmp' in .*/img. Mend data_root",
        ),
        (
            dict(img_suffix='.bmp', serialize_data=False),
            "BaseSegDataset: no picture that ends in '.bmp' in .*/img. Mend data_root",
        ),
        (
            dict(data_prefix=dict(img_path='img')),
            'BaseSegDataset names no masks: write data_prefix.seg_map_path',
        ),
    ],
)
@pytest.mark.parametrize('test_mode', [False, True])
def test_a_data_set_without_pictures_or_masks(root, option, message, test_mode):
    inner = dict(
        type='BaseSegDataset',
        data_root=str(root),
        data_prefix=dict(img_path='img', seg_map_path='ann'),
        metainfo=META,
        test_mode=test_mode,
    )
    with pytest.raises(ValueError, match=message):
        DATASETS.build(dict(type='EpisodeDataset', dataset={**inner, **option}))


@pytest.mark.parametrize(
    'meta, message',
    [
        ({}, 'has classes=None: write metainfo='),
        (dict(classes='cat'), "has classes='cat': write metainfo="),
        (dict(classes=[]), r'has classes=\[\]: write metainfo='),
        (dict(classes=[0, 1]), r'has classes=\[0, 1\]: write metainfo='),
        (dict(classes=['a']), "has the one class 'a' and nothing beside it"),
    ],
)
def test_names_that_do_not_do(meta, message, root):
    with pytest.raises(ValueError, match=f'BaseSegDataset {message}'):
        DATASETS.build(
            dict(
                type='EpisodeDataset',
                dataset=dict(
                    type=BaseSegDataset,
                    data_root=str(root),
                    metainfo=meta,
                    data_prefix=dict(img_path='img', seg_map_path='ann'),
                ),
            )
        )


@pytest.mark.parametrize(
    'option',
    [
        dict(img_suffix=('.jpg', '.JPG')),
        dict(seg_map_suffix=['.png']),
        dict(img_suffix=('.jpg', '.JPG'), ann_file='ids.txt'),
    ],
)
def test_several_suffixes(option, root):
    (root / 'ids.txt').write_text('one')
    inner = dict(
        type='BaseSegDataset',
        data_root=str(root),
        metainfo=META,
        **option,
        data_prefix=dict(img_path='img', seg_map_path='ann'),
    )
    for data in (
        inner,
        dict(type='RepeatDataset', times=2, dataset=inner),
        (dict(type='ConcatDataset', datasets=[inner])),
    ):
        with pytest.raises(
            ValueError, match='_suffix=.* mmseg takes one text.*ConcatDataset'
        ):
            DATASETS.build(dict(type='EpisodeDataset', dataset=data))


@pytest.mark.parametrize('test_mode', [True, False])
def test_masks_of_0_and_255(test_mode, root):
    for name in PICTURES:
        mask = np.zeros((8, 8), np.uint8)
        mask[:3] = 255
        save_mask(root, name, mask)
    for kwargs in dict(novel_classes=()), dict(novel_handling='ignore'), {}:
        with pytest.raises(
            ValueError,
            match='No mask shows a class: 38 % .* '
            "255 is ignored, and no class; write 1 for 'a'",
        ):
            build(root, test_mode, **kwargs)


@pytest.mark.parametrize('test_mode', [True, False])
def test_labels_that_are_one_too_low(test_mode, root):
    def reduced():
        return DATASETS.build(
            dict(
                type='EpisodeDataset',
                dataset=dict(
                    type=BaseSegDataset,
                    data_root=str(root),
                    metainfo=META,
                    test_mode=test_mode,
                    reduce_zero_label=True,
                    data_prefix=dict(img_path='img', seg_map_path='ann'),
                ),
            )
        )

    with pytest.raises(
        ValueError,
        match="1 the label of the first name, 'ba"
        "ckground', and no mask holds 4, which would be 'c'",
    ):
        reduced()
    mask = np.arange(64, dtype=np.uint8).reshape(8, 8) // 8 % 5
    save_mask(root, 'one', mask)
    # As LoveDA has it: 0 is no data, 1 the background, 2 to 4 are classes.
    assert len(reduced()) == (5 if test_mode else 4)


def test_a_label_of_16_bits(root):
    mask = np.full((8, 8), 257, np.uint16)
    save_mask(root, 'one', mask)
    with pytest.raises(ValueError, match=r'one\.png holds the value 257, and'):
        build(root, test_mode=True)
    data = build(root, novel_handling='ignore')
    with pytest.raises(RuntimeError, match=r'one\.png holds the value 257'):
        data[names_in_order(data).index('one')]


def test_a_picture_that_cannot_be_read_is_named(root):
    (root / 'img' / 'one.jpg').write_text('no picture')
    data = build(root, test_mode=True)
    with pytest.raises(RuntimeError, match=r'one\.jpg could not be prepared'):
        for i in range(len(data)):
            data[i]
    data = build(root, test_mode=True, unreadable='skip')
    assert names(data) == ['both', 'novel']


def save_mask(root, name, mask):
    Image.fromarray(mask).save(root / 'ann' / f'{name}.png')


WRONG = (
    r'one\.png holds the value 9; with 4 classes a label is 0 to 3, or '
    '255'
)


def test_a_mask_value_outside_the_classes_is_named(root):
    save_mask(root, 'one', np.full((8, 8), 9, np.uint8))
    # Where masks are counted this is said at once,
    for kwargs in (
        dict(test_mode=True),
        dict(novel_handling='drop_image'),
        dict(novel_handling='ignore', min_area=2),
    ):
        with pytest.raises(ValueError, match=WRONG):
            build(root, **kwargs)
    # elsewhere when the sample is prepared.
    data = build(root, novel_handling='ignore')
    index = [
        data.get_data_info(i)['img_path'].endswith('one.jpg') for i in range(len(data))
    ].index(True)
    with pytest.raises(RuntimeError, match=WRONG):
        data[index]


def test_a_colour_mask_is_named(root):
    save_mask(root, 'one', np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match=r'one\.png is a colour picture'):
        build(root, test_mode=True)


@pytest.mark.parametrize('test_mode', [True, False])
def test_a_mask_of_another_size_than_its_picture_is_refused(root, test_mode):
    mask = np.zeros((8, 6), np.uint8)
    mask[:2] = 1
    save_mask(root, 'one', mask)
    data = build(root, test_mode)
    index = names_in_order(data).index('one')
    with pytest.raises(
        RuntimeError,
        match=r'one\.png is 6 x 8 pixels, its '
        r'picture .*one\.jpg 8 x 8',
    ):
        data[index]


def names_in_order(data):
    return [
        data.get_data_info(i)['img_path'].split('/')[-1][:-4] for i in range(len(data))
    ]


def asked(data):
    """The pairs that are asked for, in their order."""
    infos = map(data.get_data_info, range(len(data)))
    return list(zip(names_in_order(data), (i['class_name'] for i in infos)))


@pytest.fixture
def listed(root):
    def write(text, name='list.txt'):
        (root / name).write_text(text)
        return str(root / name)

    return write


def test_a_list_says_what_is_tested(root, listed):
    # Not in the order of the folder, and min_area has no say.
    data = build(
        root, test_mode=True, min_area=99, list_file=listed('novel 3\nboth 1\nboth 3\n')
    )
    assert asked(data) == [('novel', 'c'), ('both', 'a'), ('both', 'c')]
    assert (data[1]['gt_seg_map'][:2, :4] == 1).all()
    assert data.metainfo['protocol'] == dict(
        dataset='BaseSegDataset',
        novel_handling='drop_image',
        list='file (id class)',
        list_files=['list.txt'],
        pairs=3,
        episodes='every pair once',
    )


def test_a_list_says_what_training_may_ask_for(root, listed):
    mask = np.zeros((8, 8), np.uint8)
    mask[:4], mask[4:] = 1, 2
    save_mask(root, 'one', mask)
    files = [listed('one__01\n', 'x.txt'), listed('both__01\n', 'y.txt')]
    data = build(root, list_file=files, novel_handling='background')
    assert names_in_order(data) == ['one', 'both']
    assert {data[0]['class_name'] for _ in range(20)} == {'a'}
    assert data.metainfo['protocol']['list_files'] == ['x.txt', 'y.txt']
    assert data.metainfo['protocol']['list'] == 'file (HSNet)'
    data = build(root, list_file=listed('one 1\none 2\n'))
    assert {data[0]['class_name'] for _ in range(40)} == {'a', 'b'}


def test_a_list_without_novel_pixels_is_noticed(root, listed, monkeypatch):
    lines = []
    monkeypatch.setattr(listed_pairs, 'warn', lines.append)
    build(root, list_file=listed('one 1\nboth 1\n'), novel_handling='ignore')
    build(root, list_file=listed('one 1\n'))
    build(root, list_file=listed('one 1\n'), novel_handling='ignore', novel_classes=())
    assert not lines
    build(root, list_file=listed('one 1\n'), novel_handling='ignore')
    assert 'None of the first 1 pictures' in lines[0]
    assert "novel_handling='ignore' has nothing to handle" in lines[0]


def test_a_list_that_keeps_novel_pixels_contradicts_drop_image(root, listed):
    file = listed('both 1\n')
    data = build(root, list_file=file)
    with pytest.raises(
        RuntimeError,
        match=r'both\.png holds a novel class, '
        "though novel_handling is 'drop_image'",
    ):
        data[0]
    for handling, value in (('background', 0), ('ignore', 255)):
        data = build(root, list_file=file, novel_handling=handling)
        assert (data[0]['gt_seg_map'][4:6, :4] == value).all()


def test_ids_of_a_list_that_are_not_there_are_counted(root, listed):
    file = listed('one 1\n' + ''.join(f'x{i} 1\nx{i} 3\n' for i in range(7)))
    with pytest.raises(
        ValueError,
        match=r'list\.txt: 7 of 8 ids are not '
        'among the 4 pictures .*: x0, x1, x2, x3, x4, ',
    ):
        build(root, test_mode=True, list_file=file)
    (root / 'ann' / 'one.png').unlink()
    with pytest.raises(
        FileNotFoundError,
        match=r'1 of 1 masks do not exist: '
        r'.*one\.png',
    ):
        build(root, test_mode=True, list_file=listed('one 1\n'))
    # Only the masks of samples must be there.
    build(root, test_mode=True, list_file=listed('both 1\n'))


def test_a_mask_that_cannot_be_read_is_named(root):
    (root / 'ann' / 'one.png').write_bytes(b'')
    with pytest.raises(OSError, match=r'one\.png cannot be read: '):
        build(root, test_mode=True)


def test_a_list_cannot_tell_pictures_of_one_name_apart(root, listed):
    for folder, suffix in ('img', 'jpg'), ('ann', 'png'):
        (root / folder / 'more').mkdir()
        shutil.copy(root / f'{folder}/one.{suffix}', root / folder / 'more')
    file = listed('both 1\n')
    assert len(build(root, test_mode=True, list_file=file)) == 1
    file = listed('more/one.jpg 1\nboth 1\n')
    with pytest.raises(ValueError, match='several are called one'):
        build(root, test_mode=True, list_file=file)


def test_a_byte_order_mark_is_no_part_of_an_id(root, listed):
    data = build(root, test_mode=True, list_file=listed('\ufeffone 1\n'))
    assert asked(data) == [('one', 'a')]


def test_several_data_sets_are_joined(root):
    inner = dict(
        type=BaseSegDataset,
        data_root=str(root),
        metainfo=META,
        data_prefix=dict(img_path='img', seg_map_path='ann'),
    )

    def joined(*modes):
        return DATASETS.build(
            dict(
                type='EpisodeDataset',
                novel_classes=['c'],
                dataset=dict(
                    type='ConcatDataset',
                    datasets=[dict(inner, test_mode=mode) for mode in modes],
                ),
            )
        )

    assert len(joined(True, True)) == 2 * len(build(root, test_mode=True))
    assert names(joined(False, False)) == ['one']
    with pytest.raises(ValueError, match='some have test_mode=True'):
        joined(True, False)


def test_data_sets_of_other_classes_are_joined_for_a_training(root):
    """As docs/custom_data.md has it."""
    page = Path(__file__).parents[2] / 'docs/custom_data.md'
    keys = ast.literal_eval(re.search(r'ignore_keys=(\[.+?\])', page.read_text())[1])
    parts = [
        dict(
            type='EpisodeDataset',
            pipeline=[dict(type='LoadAnnotations'), dict(type='MakeEpisode')],
            dataset=dict(
                type=BaseSegDataset,
                data_root=str(root),
                metainfo=dict(META, classes=classes),
                data_prefix=dict(img_path='img', seg_map_path='ann'),
            ),
        )
        for classes in (META['classes'], ('background', 'x', 'y', 'z'))
    ]
    data = DATASETS.build(dict(type='ConcatDataset', datasets=parts, ignore_keys=keys))
    asked = {data[i]['class_name'] for i in range(len(data))}
    assert asked & {'a', 'b', 'c'} and asked & {'x', 'y', 'z'}
    assert len(data) == 2 * len(DATASETS.build(parts[0]))


def test_a_background_with_a_capital_is_one(root):
    meta = dict(META, classes=('Background', 'a', 'b', 'c'))
    data = DATASETS.build(
        dict(
            type='EpisodeDataset',
            dataset=dict(
                type=BaseSegDataset,
                data_root=str(root),
                metainfo=meta,
                test_mode=True,
                data_prefix=dict(img_path='img', seg_map_path='ann'),
            ),
        )
    )
    assert {name for _, name in asked(data)} == {'a', 'c'}
    assert data.metainfo['base_classes'] == ('a', 'b', 'c')


def test_a_picture_of_one_pixel(root):
    for folder in 'img', 'ann':
        for path in (root / folder).iterdir():
            path.unlink()
    Image.fromarray(np.ones((1, 1), np.uint8)).save(root / 'ann/dot.png')
    Image.fromarray(np.ones((1, 1, 3), np.uint8)).save(root / 'img/dot.jpg')
    (sample,) = (build(root, test_mode=True)[i] for i in range(1))
    assert sample['gt_seg_map'].tolist() == [[1]]


def test_missing_masks_are_counted(root):
    for name in ('one', 'both'):
        (root / 'ann' / f'{name}.png').unlink()
    with pytest.raises(
        FileNotFoundError,
        match=r'2 of 4 masks do not exist: '
        r'.*both\.png, .*one\.png\. Check data_root',
    ):
        build(root, test_mode=True)


def test_labels_of_a_list_must_be_those_that_are_asked_for(root, listed):
    with pytest.raises(
        ValueError,
        match='asks for the labels 3, but here '
        'training asks for 1, 2: it is the list of another',
    ):
        build(root, list_file=listed('one 1\nnovel 3\n'))
    with pytest.raises(
        ValueError, match='asks for the labels 1, but here testing asks for 3: '
    ):
        build(
            root,
            test_mode=True,
            test_classes='novel',
            list_file=listed('one 1\nnovel 3\n'),
        )
    for label in (0, 4):
        with pytest.raises(ValueError, match=f'asks for the labels {label}, '):
            build(root, test_mode=True, list_file=listed(f'one {label}\n'))


def test_a_list_with_a_picture_that_cannot_be_read(root, listed):
    (root / 'img' / 'one.jpg').write_text('no picture')
    data = build(
        root, test_mode=True, unreadable='skip', list_file=listed('one 1\nnovel 3\n')
    )
    assert asked(data) == [('novel', 'c')]


def test_so_many_episodes_go_round_the_pairs(root):
    every = asked(build(root, test_mode=True))
    data = build(root, test_mode=True, episodes=7)
    assert asked(data) == (every * 2)[:7]
    assert len([data[i] for i in range(7)]) == 7
    assert data.metainfo['protocol']['episodes'] == '7, in order'
    assert data.metainfo['protocol']['pairs'] == 4
    assert asked(build(root, test_mode=True, episodes=2)) == every[:2]


def test_so_many_episodes_by_a_seed(root):
    every = asked(build(root, test_mode=True))
    drawn = [
        asked(build(root, test_mode=True, episodes=50, seed=seed)) for seed in (3, 3, 4)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert set(drawn[0]) == set(every) and len(drawn[0]) == 50
    protocol = build(root, True, episodes=50, seed=3).metainfo['protocol']
    assert protocol['episodes'] == '50, seed 3'


def test_which_classes_were_drawn_of_is_in_the_protocol(root):
    for kind in 'novel', 'base', 'all':
        data = build(root, True, episodes=50, seed=3, test_classes=kind)
        # None of the default, which results of earlier versions do not name.
        told = None if kind == 'all' else kind
        assert data.metainfo['protocol'].get('test_classes') == told
    # Of each pair once a figure of unseen classes is the same.
    data = build(root, True, test_classes='novel')
    assert 'test_classes' not in data.metainfo['protocol']
    data = build(root, episodes=50, test_classes='novel')
    assert 'test_classes' not in data.metainfo['protocol']


def test_the_protocol_of_counted_pairs(root):
    data = build(root, test_mode=True, min_area=8, novel_handling='ignore')
    assert data.metainfo['protocol'] == dict(
        dataset='BaseSegDataset',
        novel_handling='ignore',
        list='at least 8 pixels',
        pairs=4,
        episodes='every pair once',
    )


def test_without_wrapper_or_mask_the_transform_does_nothing():
    make = TRANSFORMS.build(dict(type='MakeEpisode'))
    for results in (dict(img=1), dict(gt_seg_map=np.zeros((2, 2), np.uint8))):
        assert make(dict(results)) == results


class LowByte(LoadAnnotations):
    """Reads masks of 16 bits, whose high byte is something else."""

    def _load_seg_map(self, results):
        labels = np.asarray(Image.open(results['seg_map_path'])) % 256
        results['gt_seg_map'] = labels.astype(np.uint8)
        results['seg_fields'].append('gt_seg_map')


def test_a_loader_of_ones_own_counts_the_pixels_too(root):
    pairs = build(root, test_mode=True).samples
    for path in (root / 'ann').iterdir():
        labels = np.asarray(Image.open(path)).astype(np.uint16)
        Image.fromarray(np.where(labels, labels + 256, 0).astype(np.uint16)).save(path)
    with pytest.raises(ValueError, match='8 bits'):
        build(root, test_mode=True)
    data = build(root, test_mode=True, loader=LowByte())
    assert data.samples == pairs
    assert set(np.unique(data[0]['gt_seg_map'])) <= {0, 1, 255}
