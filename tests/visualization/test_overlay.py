"""The arithmetic of an overlay."""

import numpy as np

from mmseg_clsclip.visualization.overlay import overlay_labels


def test_each_label_has_its_colour_and_opacity():
    picture = np.full((1, 3, 3), 100.0)
    drawn = overlay_labels(
        picture,
        np.array([[0, 1, 2]]),
        [[9, 9, 9], [0, 50, 200], [7, 8, 9]],
        [0, 0.5, 1],
    )
    assert drawn.tolist() == [[[100, 100, 100], [50, 75, 150], [7, 8, 9]]]
    grey = overlay_labels(
        picture[..., :1], np.zeros((1, 3), int), [[0, 50, 100]], [0.5]
    )
    assert grey[0, 0].tolist() == [50, 75, 100]
