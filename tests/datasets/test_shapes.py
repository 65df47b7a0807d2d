"""Shapes-5i as mmseg sees it."""

import mmcv
import numpy as np
import pytest
from mmengine import fileio
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import DATASETS

from mmseg_clsclip.datasets import shapes
from mmseg_clsclip.datasets.shapes_world import draw
from mmseg_clsclip.datasets.transforms.checked_load_annotations import (
    CheckedLoadAnnotations,
)


def build(**kwargs):
    return DATASETS.build(
        dict(
            type='Shapes5iDataset',
            pipeline=[dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')],
            **kwargs,
        )
    )


def test_the_standard_transforms_read_the_drawn_scene():
    data = build(split='test', length=5, test_mode=True)
    assert len(data) == 5
    results = data[3]
    scene = draw(3, 'test')
    assert np.array_equal(results['img'][..., ::-1], scene.picture)
    assert np.array_equal(results['gt_seg_map'], scene.labels)


def test_anything_that_reads_files_reads_them():
    uri = 'shapes-5i://test/0/000007.bmp'
    picture = mmcv.imfrombytes(fileio.get(uri), channel_order='rgb')
    assert np.array_equal(picture, draw(7, 'test').picture)


@pytest.mark.parametrize('uri', ['shapes-5i://test/0/7.jpg', 'shapes-5i://test/x.bmp'])
def test_a_path_that_names_no_scene(uri):
    with pytest.raises(FileNotFoundError, match='names no scene'):
        fileio.get(uri)


def test_another_world_is_another_protocol():
    assert 'seed' not in build(length=1).metainfo['protocol']
    assert build(length=1, seed=3).metainfo['protocol']['seed'] == 3


def test_the_metainfo_names_the_folds():
    meta = build(fold=1, length=1).metainfo
    assert len(meta['classes']) == len(meta['palette']) == 21
    assert len({tuple(c) for c in meta['palette']}) == 21
    assert meta['novel_classes'] == (
        'green circle',
        'blue square',
        'yellow triangle',
        'red ring',
        'green cross',
    )
    assert set(meta['novel_classes']) < set(meta['classes'])
    assert meta['protocol'] == dict(dataset='Shapes-5i', fold=1, split='train')


class ReadingLoader(LoadAnnotations):
    """Another loader than the usual one, so that every mask is read."""


def episodes(loader='LoadAnnotations', dataset=None, **kwargs):
    dataset = dict(dict(type='Shapes5iDataset', length=300), **dataset or {})
    pipeline = [dict(type=loader), dict(type='MakeEpisode')]
    return DATASETS.build(
        dict(type='EpisodeDataset', dataset=dataset, pipeline=pipeline, **kwargs)
    )


@pytest.mark.parametrize(
    'dataset, options',
    [
        (dict(fold=0), {}),
        (dict(fold=3, seed=5, indices=[7, 2, 290]), {}),
        (dict(fold=1), dict(novel_handling='ignore', min_area=500)),
        (dict(split='test', test_mode=True), dict(min_area=64)),
    ],
)
def test_episodes_are_found_without_drawing_as_in_the_masks(
    dataset, options, monkeypatch
):
    read = episodes(ReadingLoader, dataset, **options)
    drawn = []
    monkeypatch.setattr(
        shapes, '_draw', lambda *scene: drawn.append(scene) or draw(*scene)
    )
    counted = episodes(dataset=dataset, **options)
    assert counted.samples == read.samples and len(read) > 1
    assert counted.metainfo == read.metainfo
    # Those that show that masks and names agree.
    assert len(drawn) < 10


def test_labels_that_are_changed_when_they_are_read_are_read():
    names = build(length=1).metainfo['classes']
    usual = CheckedLoadAnnotations()
    assert build(length=1).count_labels([0], usual) is not None
    some = build(length=1, metainfo=dict(classes=names[:5]))
    assert some.label_map and some.count_labels([0], usual) is None
    reduced = build(length=1, reduce_zero_label=True)
    assert reduced.count_labels([0], usual) is None
    assert build(length=1).count_labels([0], ReadingLoader()) is None


def test_bad_split():
    with pytest.raises(ValueError, match="split='val': write 'train' or 'test'"):
        build(split='val')


@pytest.mark.parametrize(
    'option, message',
    [
        (dict(fold='0'), "fold='0': write a fold, 0 to 3"),
        (dict(fold=1.0), r'fold=1\.0: write a fold, 0 to 3'),
        (dict(fold=True), 'fold=True: write a fold, 0 to 3'),
        (dict(length=0), 'length=0: write a whole number from 1'),
        (dict(length=2.5), r'length=2\.5: write a whole number from 1'),
        (dict(seed=-1), 'seed=-1: write a whole number from 0'),
        (dict(seed='x'), "seed='x': write a whole number from 0"),
        (dict(seed=2**32), 'seed=4294967296: write a whole number from 0'),
    ],
)
def test_numbers_that_are_none(option, message):
    with pytest.raises(ValueError, match=message):
        build(**option)
