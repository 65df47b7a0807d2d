"""Colours are as far apart as promised, by CIE's own formulas."""

import numpy as np
import pytest

from mmseg_clsclip.utils.palette import distinct_colours


def lab(colours):
    """Convert sRGB to CIELAB (D65) by the formulas of IEC 61966-2-1 and CIE 15."""
    rgb = np.array(colours) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
    xyz = linear @ np.array(to_xyz).T / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), xyz * 841 / 108 + 4 / 29).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


@pytest.mark.parametrize('number, least', [(5, 78), (21, 37), (60, 20), (150, 12.5)])
def test_colours_are_far_apart_and_of_medium_lightness(number, least):
    found = lab(distinct_colours(number))
    distances = np.linalg.norm(found[:, None] - found, axis=-1)
    assert distances[~np.eye(number, dtype=bool)].min() > least
    assert found[:, 0].min() > 44.5 and found[:, 0].max() < 80.5


def test_more_classes_change_no_colour_and_any_number_has_some():
    many = distinct_colours(3000)
    assert len(many) == 3000
    assert len({*map(tuple, many)}) > 1500
    for number in (0, 1, 7, 300):
        assert distinct_colours(number) == many[:number]
    assert distinct_colours(3, background=True) == [[0, 0, 0], *many[:2]]
    assert distinct_colours(1, background=True) == [[0, 0, 0]]
