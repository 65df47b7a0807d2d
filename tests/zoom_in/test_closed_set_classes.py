"""Classes predicted all at once: labels, probabilities, regions."""

from types import SimpleNamespace

import pytest
import torch

from mmseg_clsclip.models.segmentors import asks_by_name
from mmseg_clsclip.zoom_in.closed_set_classes import ClosedSetClasses
from mmseg_clsclip.zoom_in.region import Region, Window

REGION = Region(Window(0, 0, 3, 2))


def closed_set(channels=3, names=('cat', 'background', 'dog')):
    return ClosedSetClasses(
        SimpleNamespace(
            out_channels=channels,
            align_corners=False,
            decode_head=SimpleNamespace(threshold=0.3),
        ),
        names,
    )


def labels(channels, names):
    return closed_set(channels, names).get_label_space(None).labels


def test_a_closed_set():
    classes = closed_set()
    # mmseg's SAN has a text encoder, which cannot be asked for names.
    classes.segmentor.text_encoder = object()
    assert not asks_by_name(classes.segmentor)
    assert classes.get_label_space(None) == (dict(cat=0, dog=2), 3)
    assert classes.background == 1
    single = closed_set(1, ('background', 'cat'))
    assert single.get_label_space(None) == (dict(cat=1), 1)
    assert labels(2, None) == {'class 0': 0, 'class 1': 1}
    assert labels(1, None) == {'class 1': 1}
    assert labels(1, ('road', 'car')) == {'car': 1}
    assert labels(21, 'voc')['tvmonitor'] == 20
    assert closed_set(3, None).background is None
    other = closed_set(3, ('_background_', 'cat', 'dog'))  # as labelme writes it
    assert other.background == 0
    assert other.get_label_space(None) == (dict(cat=1, dog=2), 3)
    with pytest.raises(ValueError, match='3 names .* do not fit the 2'):
        closed_set(1).get_label_space(None)


def test_a_closed_set_is_not_asked_for_one_class():
    with pytest.raises(ValueError, match="'cat' alone.*without EpisodeData"):
        closed_set().get_label_space('cat')


def test_probabilities_of_all_classes():
    logits = torch.randn(3, 4, 5)
    probabilities = closed_set().compute_probabilities(logits, dict(cat=0, dog=2))
    torch.testing.assert_close(probabilities, logits.softmax(0)[[0, 2]])
    probabilities = closed_set(1).compute_probabilities(logits[:1], dict(cat=1))
    assert torch.equal(probabilities, logits[:1])


def test_predictions_for_regions():
    ones = torch.ones(1, 2, 3)
    values = closed_set(1).read_region(0.4 * ones, REGION, channels=1)
    # Its threshold is 0.3.
    assert (closed_set(1).label_region(values, REGION, 1) == 1).all()
    assert closed_set(1).read_region(ones, REGION, 1).isfinite().all()
    values = closed_set().read_region(torch.cat([ones, 0 * ones, 2 * ones]), REGION, 3)
    assert values.shape == (3, 2, 3)
    assert (closed_set().label_region(values, REGION, 3) == 2).all()
