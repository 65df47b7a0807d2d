"""Crops that are drawn again until the class is in them."""

import numpy as np
import pytest
from mmseg.registry import TRANSFORMS

import mmseg_clsclip  # noqa: F401


def crops(labels, number=200, **kwargs):
    """Yield the masks of crops of 60 x 60."""
    np.random.seed(0)
    crop = TRANSFORMS.build(dict(kwargs, type='EpisodeCrop', crop_size=(60, 60)))
    for _ in range(number):
        image = np.repeat(labels[..., None], 3, 2)
        found = crop(
            dict(
                img=image,
                gt_seg_map=labels,
                seg_fields=['gt_seg_map'],
                class_name='cat',
            )
        )
        assert np.array_equal(found['img'][..., 0], found['gt_seg_map'])
        assert found['img_shape'] == found['gt_seg_map'].shape == (60, 60)
        yield found['gt_seg_map']


def test_most_of_the_class_is_kept():
    labels = np.zeros((90, 80), np.uint8)
    labels[10:40, 30:40] = 1  # a crop from the row 14 on has 26 / 30 = 86.7 %
    kept = [(mask == 1).sum() / 300 for mask in crops(labels)]
    assert min(kept) >= 0.85 and len(set(kept)) > 3
    kept = [(mask == 1).sum() / 300 for mask in crops(labels, tries=1)]
    assert min(kept) < 0.4 and max(kept) == 1
    # Ignored pixels are none of the class.
    labels[60:] = 255
    kept = [(mask == 1).sum() / 300 for mask in crops(labels)]
    assert min(kept) >= 0.85


def test_the_last_crop_is_taken_as_it_is():
    labels = np.ones((90, 80), np.uint8)  # no crop has more than half
    labels[0, 0] = 0
    kept = [(mask == 1).mean() for mask in crops(labels, 20)]
    assert min(kept) > 0.99
    # A class that is not there needs no second crop.
    assert all(not mask.any() for mask in crops(labels * 0, 20))


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(kept_share=85), 'kept_share=85: write a number from 0 to 1'),
        (dict(tries=0), 'tries=0: write a whole number from 1 up'),
    ],
)
def test_options_that_are_none(kwargs, message):
    with pytest.raises(ValueError, match=message):
        next(crops(np.zeros((90, 80), np.uint8), **kwargs))


@pytest.mark.parametrize('asked', [{}, dict(class_name=('cat', 'dog'))])
def test_a_crop_for_no_one_class_is_refused(asked):
    crop = TRANSFORMS.build(dict(type='EpisodeCrop', crop_size=(60, 60)))
    labels = np.zeros((90, 80), np.uint8)
    image = np.zeros((90, 80, 3), np.uint8)
    with pytest.raises(ValueError, match='after MakeEpisode with names_per_picture=1'):
        crop(dict(asked, img=image, gt_seg_map=labels, seg_fields=['gt_seg_map']))
