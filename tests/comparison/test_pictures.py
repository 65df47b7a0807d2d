"""The pictures on which models differ the most."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmseg_clsclip.comparison import panels, pictures
from mmseg_clsclip.comparison.compared_models import ComparedModel
from mmseg_clsclip.comparison.comparison import prepare

ROOT = Path(__file__).parents[2]
CHECKPOINT = ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth'
CLSCLIP = 'configs/shapes/clsclip_shapes-5i_fold0.py'
WHOLE = 'configs/shapes/clsclip_shapes-5i_whole.py'


def test_disagreement_and_agreement():
    none, half, full = (np.zeros((2, 4), np.uint8) for _ in range(3))
    half[:, :2] = full[:] = 1
    assert pictures.disagreement([none, none], True) == 0
    assert pictures.disagreement([none, half, full], True) == (1 + 1 + 0.5) / 3
    assert pictures.disagreement([half, full], False) == 0.5
    truth = half.copy()
    truth[0, 2:] = 255  # does not count
    assert pictures.agreement(full, truth, True) == pytest.approx(4 / 6)
    assert pictures.agreement(half, truth, False) == 1


@pytest.mark.parametrize('base', [CLSCLIP, WHOLE])
def test_the_most_different_pictures_come_first(tmp_path, config, base):
    mine = ComparedModel('A', config(base), str(CHECKPOINT))
    prepare([mine], tmp_path / 'out')
    names = pictures._file_names(mine.dataset)
    folders = {name: tmp_path / name for name in 'ab'}
    for k, name in enumerate(names):
        for value, folder in enumerate(folders.values()):
            folder.mkdir(exist_ok=True)
            mask = np.zeros((128, 128), np.uint8)
            mask[: k % 9 + 5, value * (k % 9) : 50] = 1
            Image.fromarray(mask).save(folder / name)
    found = pictures.most_different(mine.dataset, folders, 4)
    values = [sample['disagreement'] for sample in found['samples']]
    assert len(values) == 4 and values == sorted(values, reverse=True)
    assert len({sample['name'] for sample in found['samples']}) == 4
    assert found['compared'] == len(names)
    panels.draw_pictures(found, list(folders), tmp_path / 'pictures.png')
    assert Image.open(tmp_path / 'pictures.png').width > 400
    # The masks agree where k is a multiple of 9.
    all_found = pictures.most_different(mine.dataset, folders, len(names))
    assert min(s['disagreement'] for s in all_found['samples']) > 0


def test_a_long_name_without_blanks_is_cut_and_not_left_out(tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(
        panels, 'save_figure', lambda figure, *_: figures.append(figure)
    )
    truth = np.array([[0, 1, 2]], np.uint8)
    names = ['construction_site_fence_panel', 'construction_site_crane']
    sample = dict(
        picture=np.zeros((1, 3, 3), np.uint8),
        truth=truth,
        masks=dict(a=truth),
        title='',
        name='x',
        agreement=dict(a=1.0),
        disagreement=0.0,
    )
    classes = ['background', *names]
    different = dict(samples=[sample], classes=classes, palette=None, episodes=False)
    panels.draw_pictures(different, ['a'], tmp_path / 'x.png')
    (legend,) = figures[0].legends
    assert {text.get_text() for text in legend.get_texts()} == {
        'construction_site_fen…',
        'construction_site_cra…',
    }


def test_the_legend_has_what_is_painted_the_largest_first():
    truth = np.zeros((10, 10), np.uint8)
    truth[0, :3], truth[1, :5], truth[2, 0] = 2, 1, 255
    mask = np.zeros((10, 10), np.uint8)
    mask[0, :4] = 2
    samples = [dict(truth=truth, masks=dict(a=mask))]
    classes, palette = ['background', 'cat', 'dog'], [[0] * 3, [1] * 3, [2] * 3]
    assert list(panels._list_colours(samples, classes, palette, True).items()) == [
        ('dog', [2] * 3),
        ('cat', [1] * 3),
        ('not counted', [128] * 3),
    ]
    assert 'background' in panels._list_colours(samples, classes, palette, False)
    names = [str(k) for k in range(256)]
    many = [dict(truth=np.arange(200, dtype=np.uint8)[None], masks={})]
    found = panels._list_colours(many, names, [[9] * 3] * 256, True)
    assert len(found) == 25 and found['and 175 more'] == [255] * 3
