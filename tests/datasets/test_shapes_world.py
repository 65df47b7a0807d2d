"""The drawn world: folds, determinism, and what a scene holds."""

import hashlib

import numpy as np
import pytest

from mmseg_clsclip.datasets.shapes_world import (
    CLASSES,
    COLOURS,
    SHAPES,
    draw,
    novel_classes,
    visible_classes,
)


def test_every_shape_and_colour_is_among_the_base_classes():
    for fold in range(4):
        novel = {CLASSES[k - 1] for k in novel_classes(fold)}
        base = [name.split() for name in CLASSES if name not in novel]
        assert {colour for colour, _ in base} == set(COLOURS)
        assert {shape for _, shape in base} == set(SHAPES)
        assert len(base) == 15


def test_the_folds_share_out_the_classes():
    together = [k for fold in range(4) for k in novel_classes(fold)]
    assert sorted(together) == list(range(1, 21))


def test_scenes_are_the_same_bytes_on_every_machine():
    digest = hashlib.sha256()
    for split in ('train', 'test', 'caption', 'name'):
        for index in range(100):
            scene = draw(index, split)
            digest.update(scene.picture.tobytes() + scene.labels.tobytes())
    assert digest.hexdigest()[:16] == '76b4c1c7b5b61399'


def test_seed_split_and_index_each_give_another_scene():
    scenes = [draw(0), draw(1), draw(0, 'test'), draw(0, seed=1)]
    assert len({scene.picture.tobytes() for scene in scenes}) == 4


def test_a_scene_shows_its_labels_in_their_colours():
    red_minus_blue = []
    for index in range(200):
        picture, labels = draw(index, max_objects=1)
        assert picture.shape == (128, 128, 3) and picture.dtype == np.uint8
        assert labels.shape == (128, 128) and labels.dtype == np.uint8
        (label,) = visible_classes(labels, 1)
        if CLASSES[label - 1].startswith('red'):
            mean = picture[labels == label].astype(float).mean(0)
            red_minus_blue.append(mean[0] - mean[2])
    assert len(red_minus_blue) > 20 and min(red_minus_blue) > 80


def test_sizes_go_from_tiny_to_large_and_several_objects_occur():
    areas, counts = [], []
    for index in range(300):
        labels = draw(index).labels
        present = visible_classes(labels, 1)
        counts.append(len(present))
        areas += [np.sum(labels == k) for k in present]
    assert np.quantile(areas, 0.1) < 200 and np.quantile(areas, 0.9) > 2000
    assert {1, 2, 3} <= set(counts)


def test_a_bad_split_is_refused():
    with pytest.raises(ValueError, match="has the splits .*not 'val'"):
        draw(0, 'val')
