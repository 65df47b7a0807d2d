"""What is drawn is chosen by the median, and every pixel is kept."""

import numpy as np
import pytest
from PIL import Image

from mmseg_clsclip.experiments import drawings
from mmseg_clsclip.experiments.drawings import (
    DrawnEpisode,
    draw_predictions,
    draw_zoom_ins,
    pick_median,
)


def episode(truth, mask, name='red ring', boxes=()):
    """Of boxes (top, left, bottom, right)."""
    masks = []
    for top, left, bottom, right in (truth, mask):
        masks.append(np.zeros((128, 128), bool))
        masks[-1][top:bottom, left:right] = True
    picture = np.full((128, 128, 3), 100, np.uint8)
    return DrawnEpisode(picture, name, *masks, list(boxes))


def test_the_iou_and_the_median():
    one = episode((0, 0, 10, 10), (0, 5, 10, 15))
    assert one.iou == pytest.approx(50 / 150)
    assert pick_median(dict(a=3, b=1, c=2)) == 'c'
    assert pick_median(dict(a=4, b=1, c=2, d=3)) == 'd'
    assert pick_median(dict(a=1)) == 'a'


def test_the_episode_of_median_iou_of_visible_objects_is_drawn(tmp_path, monkeypatch):
    drawn = {}

    def note(rows, columns):
        drawn.update(columns)
        return Image.new('RGB', (9, 9))

    monkeypatch.setattr(drawings, 'compose', note)
    whole = (0, 0, 30, 30)
    episodes = {
        'best': episode(whole, whole, 'best'),
        'median': episode(whole, (0, 0, 30, 15), 'median'),
        'worst': episode(whole, (0, 0, 30, 3), 'worst'),
        'too small': episode((0, 0, 10, 10), (90, 90, 99, 99), 'too small'),
        'another': episode((0, 0, 19, 19), (90, 90, 99, 99), 'too small'),
    }
    draw_predictions({2: episodes}, tmp_path / 'a.png')
    assert list(drawn) == ['fold 2: median']
    assert [words for _, words in drawn['fold 2: median']] == ['', '', 'IoU 50 %']


def test_the_small_episode_of_median_gain_is_drawn(tmp_path, monkeypatch):
    small, large = (0, 0, 30, 30), (0, 0, 40, 40)
    before = {
        'none': episode(small, (0, 0, 30, 15)),
        'some': episode(small, (0, 0, 30, 15)),
        'much': episode(small, (0, 0, 30, 3)),
        'large': episode(large, large),
    }
    after = {
        'none': before['none'],
        'some': episode(small, (0, 0, 30, 21), 'blue cross', [(1, 1, 20, 20)]),
        'much': episode(small, small),
        'large': before['large'],
    }
    monkeypatch.setattr(drawings, 'predict_unseen', lambda config, fold: after)
    path = tmp_path / 'b.png'
    titles, compose = [], drawings.compose

    def note(rows, columns):
        titles.extend([*columns, *(words for _, words in columns[[*columns][0]])])
        return compose(rows, columns)

    monkeypatch.setattr(drawings, 'compose', note)
    draw_zoom_ins({0: before}, path)
    assert titles == ['fold 0: blue cross', '', 'IoU 50 %', 'IoU 70 %']
    assert Image.open(path).mode == 'P'
