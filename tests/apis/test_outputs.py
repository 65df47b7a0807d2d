"""What is drawn, of pictures of any size."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmseg_clsclip.apis import Prediction, outputs


def prediction(size, **options):
    logits = torch.full((2, *size), -1.0)
    logits[0, :, size[1] // 2 :] = 1
    return Prediction(
        np.full((*size, 3), 100, np.uint8),
        logits,
        (('left over, with a very long name' * 9,), ('犬\n$x$',)),
        palette=[[0, 0, 0], [0, 255, 0], [0, 0, 255]],
        **dict(dict(background=True), **options),
    )


def test_a_mask_lies_where_its_labels_are():
    one = prediction((600, 800))
    overlay = np.asarray(outputs.draw_overlay(one, one.labels())).astype(int)
    assert overlay.shape[1] == 800 and overlay.shape[0] > 600
    assert (overlay[:600, :398] == 100).all()
    assert (overlay[:600, 398:400] == 255).all()  # sets off the edge
    assert (overlay[:600, 400:404] == [0, 255, 0]).all()  # the legend's colour
    # 45 % are the class's colour.
    assert abs(overlay[:600, 404:800] - [55, 170, 55]).max() <= 1


def test_what_is_too_small_for_a_per_cent_is_not_in_the_legend():
    one = prediction((200, 200))
    labels = one.labels()
    plain = outputs.draw_overlay(one, labels)
    labels[10, 10] = 2  # 0.0025 %
    with_speck = outputs.draw_overlay(one, labels)
    assert (np.asarray(with_speck)[:400] != np.asarray(plain)[:400]).any()
    assert (np.asarray(with_speck)[400:] == np.asarray(plain)[400:]).all()
    labels[:] = 0
    nothing = outputs.draw_overlay(one, labels)
    labels[10, 10] = 2
    assert (
        np.asarray(outputs.draw_overlay(one, labels))[400:].tolist()
        != np.asarray(nothing)[400:].tolist()
    )


@pytest.mark.parametrize(
    'size, drawn',
    [
        ((1, 1), (512, 512)),
        ((20, 10000), (4, 2048)),
        ((1, 9000), (1, 2048)),
        ((100, 60), (500, 300)),
        ((3000, 4096), (1500, 2048)),
    ],
)
def test_odd_sizes(size, drawn):
    one = prediction(size)
    labels = one.labels()
    assert outputs.draw_mask(one, labels).size == size[::-1]
    overlay = outputs.draw_overlay(one, labels)
    assert overlay.width == max(drawn[1], 512)
    assert drawn[0] < overlay.height < drawn[0] + 200


@pytest.mark.parametrize(
    'flags', [['random_weights'], ['drawn_world'], ['random_weights', 'drawn_world']]
)
def test_what_masks_mean_nothing_of_stands_above_the_picture(flags):
    plain, random = (
        outputs.draw_overlay(one, one.labels())
        for one in (
            prediction((600, 800)),
            prediction((600, 800), **dict.fromkeys(flags, True)),
        )
    )
    assert random.getpixel((0, 0)) == (255, 0, 0)
    top = random.height - plain.height
    assert 20 * len(flags) < top < 40 * len(flags)
    # A line of white letters for each.
    band = np.asarray(random.crop((0, 0, random.width, top)))
    rows = (band == 255).all(-1).any(1).astype(int)
    assert (np.diff(rows, prepend=0) == 1).sum() == len(flags)
    # The rest is the same, only lower.
    below = random.crop((0, top, random.width, random.height))
    np.testing.assert_array_equal(np.asarray(below), np.asarray(plain))


def test_areas_and_boxes():
    one = prediction((10, 10), background=False)
    labels = np.zeros((10, 10), np.uint8)
    labels[2:4, 5:] = 1
    zero, other = outputs.list_regions(one, labels)
    assert (zero['area'], zero['box']) == (90, [0, 0, 10, 10])
    assert (other['area'], other['per_cent']) == (10, 10.0)
    assert other['box'] == [5, 2, 10, 4]
    one.background = True
    assert [f['label'] for f in outputs.list_regions(one, labels)] == [1]


def several(**options):
    """Six classes, of which the third and the fifth have pixels."""
    logits = torch.full((6, 10, 10), -1.0)
    logits[2, :2], logits[4, 5:] = 1, 1
    one = prediction((10, 10), **options)
    one.logits, one.palette = logits, [[k] * 3 for k in range(7)]
    one.classes = tuple((name,) for name in ('a', 'b b', 'c', 'd\n e', 'f', 'g'))
    return one


@pytest.mark.parametrize('background', [True, False])
def test_what_has_no_pixel_is_listed(background):
    one = several(background=background)
    labels = np.zeros((10, 10), np.uint8)
    labels[:2], labels[5:] = 2 + background, 4 + background
    labels[2:5] = 0
    missing = outputs.list_missing(one, labels)
    # Without a background label 0 is a class, and has pixels.
    names = ['a'] * background + ['b b', 'd\n e', 'g']
    assert [each['name'] for each in missing] == names
    for each in missing:
        assert one.names[each['label']] == each['name']
        assert each['presence'] is None and each['asked'] is True
    one.presence = (0.5, 0.25, 0.98765, 0.1, 0.75, 0.00001)
    one.asked = (True, True, True, False, True, False)
    missing = {each['name']: each for each in outputs.list_missing(one, labels)}
    assert missing['b b'] == dict(
        label=1 + background, name='b b', presence=0.25, asked=True
    )
    assert missing['g']['presence'] == 0 and missing['g']['asked'] is False
    presence = {f['name']: f['presence'] for f in outputs.list_regions(one, labels)}
    assert presence['c'] == 0.9877 and presence['f'] == 0.75


def test_the_json_says_what_was_not_found(tmp_path):
    one = several(
        presence=(0.5, 0.25, 0.9, 0.1, 0.75, 0.6),
        asked=(True, True, True, False, True, False),
    )
    summary = outputs.save_results(one, tmp_path / 'x', 'x.jpg')
    assert json.loads((tmp_path / 'x.json').read_text()) == summary
    assert [each['name'] for each in summary['found']] == ['c', 'f']
    assert [each['label'] for each in summary['not_found']] == [1, 2, 4, 6]
    assert outputs.describe_classes(summary['found'], summary['not_found']) == [
        'found: f 50.0 % (p 0.75), c 20.0 % (p 0.90)',
        'not found: a (p 0.50), b b (p 0.25); '
        'not likely enough to be asked: g (p 0.60), d e (p 0.10)',
    ]


def test_lines_without_a_presence_and_of_many_names():
    names = [dict(name=f'n{k}', presence=None, asked=True) for k in range(13)]
    found = [dict(name='x', area=5, per_cent=0.04, presence=None)]
    said = outputs.describe_classes([], names)
    many = ', '.join(f'n{k}' for k in range(10))
    assert said == ['found: nothing', f'not found: {many} and 3 more']
    assert outputs.describe_classes(found, []) == ['found: x < 0.1 %']


def test_more_labels_than_a_palette_holds():
    one = prediction((4, 4))
    one.classes = one.classes * 150
    with pytest.raises(ValueError, match='301 labels; a mask as PNG holds 2'):
        outputs.draw_mask(one, one.labels())


def test_a_mask_can_be_read_back_as_labels(tmp_path):
    one = prediction((8, 8))
    outputs.save_results(one, tmp_path / 'deep/x', 'x.jpg')
    image = Image.open(tmp_path / 'deep/x_mask.png')
    assert image.mode == 'P' and image.getpalette()[3:6] == [0, 255, 0]
    np.testing.assert_array_equal(np.asarray(image), one.labels())


@pytest.mark.parametrize('suffix', ['_overlay.png', '_mask.png', '.json'])
def test_all_three_are_written_or_none(tmp_path, suffix):
    # The name of one is too long, and of those that are longer.
    stem = tmp_path / ('x' * (256 - len(suffix)))
    with pytest.raises(OSError):
        outputs.save_results(prediction((8, 9)), stem, 'x.png')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('number', range(1, 4))
def test_a_json_lies_beside_its_own_mask_alone(tmp_path, monkeypatch, number):
    """Whatever stops it, and however little may be tidied up then."""
    old, new = prediction((8, 8)), prediction((8, 8), background=False)
    outputs.save_results(old, tmp_path / 'x', 'old.jpg')
    left, replace = iter(range(number - 1)), os.replace

    def stopped(*args):
        if next(left, None) is None:
            monkeypatch.setattr(Path, 'unlink', lambda *args, **options: None)
            raise KeyboardInterrupt
        replace(*args)

    monkeypatch.setattr(os, 'replace', stopped)
    with pytest.raises(KeyboardInterrupt):
        outputs.save_results(new, tmp_path / 'x', 'new.jpg')
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {'x_overlay.png', 'x_mask.png'} - {
        1: {'x_overlay.png', 'x_mask.png'},
        2: {'x_mask.png'},
    }.get(number, set())
