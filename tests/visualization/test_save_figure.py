"""A small PNG keeps rare colours, such as those of edges."""

import numpy as np
from PIL import Image

from mmseg_clsclip.visualization.save_figure import save_small


def test_a_rare_colour_stays_among_many_and_the_file_is_small(tmp_path):
    rng = np.random.RandomState(0)
    image = rng.randint(60, 160, (300, 300, 3), np.uint8)
    image[:, 150] = 255, 0, 255
    image[:50, :50] = 255, 0, 0
    path = tmp_path / 'new' / 'a.png'
    save_small(Image.fromarray(image), path)
    saved = Image.open(path)
    assert saved.mode == 'P' and path.stat().st_size < image.size / 2
    again = np.asarray(saved.convert('RGB')).astype(int)
    assert abs(again - image).max() < 32
