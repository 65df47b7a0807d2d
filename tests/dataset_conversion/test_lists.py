"""Lists of the eligible pairs of a fold, by plain arguments."""

import numpy as np
from PIL import Image

from mmseg_clsclip.dataset_conversion.lists import write_lists
from mmseg_clsclip.datasets.coco import COCO20iDataset
from mmseg_clsclip.datasets.pascal import PASCAL5iDataset


def save(folder, name, *labels):
    """50 x 50 pixels of each label: more than the default of 2,048."""
    mask = np.repeat(np.array(labels, np.uint8), 2500).reshape(-1, 50)
    Image.fromarray(mask).save(folder / f'{name}.png')


def test_the_defaults_are_those_of_the_protocol(tmp_path, capsys):
    save(tmp_path, 'a', 1, 6, 255)
    save(tmp_path, 'b', 6, 20)
    out = tmp_path / 'out.txt'
    write_lists(PASCAL5iDataset, tmp_path, 0, 'train', out)
    assert out.read_text() == 'b 6\nb 20\n'  # a has a class that is held out
    write_lists(PASCAL5iDataset, tmp_path, 0, 'val', out)
    assert out.read_text() == 'a 1\n'
    # COCO's folds are interleaved.
    write_lists(COCO20iDataset, tmp_path, 1, 'val', out)
    assert out.read_text() == 'a 6\nb 6\n'
    assert capsys.readouterr().out == (
        'images 1, pairs 2\nimages 1, pairs 1\nimages 2, pairs 2\n'
    )
