"""What is painted where, and in which colour."""

import numpy as np
import pytest

from mmseg_clsclip.visualization.overlay import overlay_labels

PALETTE = [[0, 0, 0], [200, 0, 0], [0, 0, 200]]


def painted(labels, **options):
    picture = np.full((*labels.shape, 3), 100, np.uint8)
    return overlay_labels(picture, labels, PALETTE, **options)


def test_edges_are_solid_and_the_inside_shines_through():
    labels = np.zeros((600, 600), int)
    labels[100:300, 100:500] = 1
    labels[300:500, 100:500] = 2
    drawn = painted(labels, fill=0.5)
    assert drawn.dtype == np.uint8 and drawn.shape == (600, 600, 3)
    column = drawn[:, 300].tolist()
    assert column[:99] == [[100] * 3] * 99  # the background
    assert column[99] == [255] * 3
    assert column[100:103] == [[200, 0, 0]] * 3
    assert column[103:297] == [[150, 50, 50]] * 194
    assert column[297:303] == [[200, 0, 0]] * 3 + [[0, 0, 200]] * 3
    assert column[303:497] == [[50, 50, 150]] * 194
    assert column[500] == [255] * 3


def test_without_a_background_label_0_is_a_class():
    assert (painted(np.zeros((600, 600), int), background=False, fill=1) == 0).all()


def test_labels_beyond_the_palette_are_grey():
    labels = np.full((600, 600), 255, np.uint8)
    assert (painted(labels, fill=1) == 128).all()


@pytest.mark.parametrize(
    'size, drawn',
    [((100, 60), (500, 300)), ((2, 2), (512, 512)), ((1000, 4096), (500, 2048))],
)
def test_sides(size, drawn):
    assert painted(np.zeros(size, np.uint8)).shape == (*drawn, 3)
