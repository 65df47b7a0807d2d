"""Names stand on their colours, in their regions or above them."""

import numpy as np

from mmseg_clsclip.visualization.name_tags import write_names

PALETTE = [[0, 0, 0], [200, 0, 0], [0, 0, 200]]
CLASSES = ['background', 'cat', 'a long name\nof two lines']


def tags(labels, colour):
    """Rows and columns of a colour on a grey picture."""
    grey = np.full((400, 600, 3), 100, np.uint8)
    drawn = write_names(grey, labels, CLASSES, PALETTE)
    return np.argwhere((drawn == colour).all(-1))


def test_a_large_region_holds_its_name_and_a_small_one_has_it_above():
    labels = np.zeros((200, 300), np.uint8)
    labels[60:160, 100:200] = 1
    labels[100:110, 250:260] = 2
    inside = tags(labels, PALETTE[1])
    assert len(inside) > 100
    assert (inside >= (120, 200)).all() and (inside < (320, 400)).all()
    above = tags(labels, PALETTE[2])
    assert len(above) > 100 and above[:, 0].max() < 200
    assert above[:, 1].max() < 600


def test_neither_specks_nor_unknown_labels_nor_the_background_have_names():
    labels = np.zeros((200, 300), np.uint8)
    labels[0, :50] = 1
    labels[100:] = 255
    assert not len(tags(labels, PALETTE[0])) and not len(tags(labels, PALETTE[1]))
