"""Masks whose pixels are labels, with colours for the eye."""

import numpy as np
import pytest
from PIL import Image

from mmseg_clsclip.dataset_conversion.index_png import (
    flat_palette,
    read_index_png,
    write_index_png,
)


def test_what_is_written_is_read_and_has_its_colours(tmp_path):
    labels = np.arange(256, dtype=np.uint8).reshape(8, 32)
    path = tmp_path / 'new/mask.png'
    write_index_png(labels, path, flat_palette({1: (2, 3, 4), 255: (7, 8, 9)}))
    assert np.array_equal(read_index_png(path), labels)
    with Image.open(path) as image:
        colours = np.asarray(image.convert('RGB')).reshape(256, 3)
    expected = np.zeros((256, 3), int)
    expected[1], expected[255] = (2, 3, 4), (7, 8, 9)
    assert np.array_equal(colours, expected)


def test_a_file_that_is_cut_off_is_named(tmp_path):
    path = tmp_path / 'mask.png'
    write_index_png(np.zeros((99, 99), np.uint8), path, flat_palette({}))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(OSError, match=r'mask\.png cannot be read: '):
        read_index_png(path)
