"""Pixels that are counted are those of the drawn scenes."""

import numpy as np
import pytest

from mmseg_clsclip.datasets.shapes_pixels import count_pixels
from mmseg_clsclip.datasets.shapes_world import draw


@pytest.mark.parametrize('options', [(), ('test',), ('train', 7)])
def test_pixels_are_those_of_the_drawn_scene(options):
    indices = range(5, 305)
    counts = list(count_pixels(indices, *options))
    assert len(counts) == len(indices)
    for index, areas in zip(indices, counts):
        labels = draw(index, *options).labels
        assert np.array_equal(areas, np.bincount(labels.ravel(), minlength=21)), index
    some = list(count_pixels(indices, *options, some=True))
    assert np.array_equal(np.sign(some), np.sign(counts))
    assert (np.array(some) != counts).any(1).mean() > 0.5


def test_a_split_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="has the splits .*not 'val'"):
        next(count_pixels([0], 'val'))
