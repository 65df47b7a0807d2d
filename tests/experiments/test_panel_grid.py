"""Panels keep their pixels, and words stand beside them."""

import numpy as np
from PIL import Image

from mmseg_clsclip.experiments.panel_grid import GAP, SIDE, TEXT, compose


def test_panels_lie_in_a_grid_with_their_words():
    noise = np.random.RandomState(0).randint(1, 255, (4, SIDE, SIDE, 3), np.uint8)
    panels = [Image.fromarray(one) for one in noise]
    columns = {
        'left': [(panels[0], ''), (panels[1], 'below')],
        'right': [(panels[2], ''), (panels[3], '')],
    }
    drawn = np.asarray(compose(['first', 'second'], columns))
    line = TEXT + GAP
    assert drawn.shape == (2 * line + 2 * SIDE + GAP, line + 2 * (SIDE + GAP), 3)
    second = line + SIDE + GAP
    for one, (y, x) in zip(
        noise, [(line, line), (second, line), (line, second), (second, second)]
    ):
        np.testing.assert_array_equal(drawn[y : y + SIDE, x : x + SIDE], one)
    below = drawn[second + SIDE :]
    assert (below[:, line : line + SIDE] < 128).any()
    assert (below[:, second:] == 255).all()
    assert (drawn[line : line + SIDE, :line] < 128).any()  # 'first'
