"""Pixels that are counted are those of the drawn scenes."""

import numpy as np
import pytest

from mmseg_clsclip.datasets.shapes_pixels import count_pixels
from mmseg_clsclip.datasets.shapes_world import PlacedShape, draw


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


def test_what_certainly_shows_beyond_another_has_a_pixel_there():
    rng = np.random.default_rng(0)

    def place(x, radius, turn):
        return PlacedShape(
            k=rng.integers(20),
            cx=x,
            cy=64,
            radius=radius,
            cos=np.cos(turn),
            sin=np.sin(turn),
            tint=np.zeros(3),
            brightness=1,
        )

    for _ in range(3000):
        one, over = (
            place(64, radius, turn)
            for radius, turn in zip(rng.uniform(7, 42, 2), rng.uniform(0, 7, 2))
        )
        # As near as it is still said: there it is most nearly hidden.
        for x in np.arange(64, 0, -0.25):
            if one._replace(cx=x).shows_beyond(over):
                one = one._replace(cx=x)
                break
        else:
            continue  # the other is too large for that
        window = one.window()
        assert (one.covers(window) & ~over.covers(window)).any(), (one, over)
