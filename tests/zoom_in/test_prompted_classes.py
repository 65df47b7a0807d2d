"""What segmentors are asked for, and how their answers read."""

from types import SimpleNamespace

import pytest
import torch

from mmseg_clsclip.zoom_in.prompted_classes import AskedClasses


def named(background=True):
    return AskedClasses(
        SimpleNamespace(
            text_encoder=SimpleNamespace(names=('cat', 'dog')),
            with_background=background,
            align_corners=False,
            decode_head=SimpleNamespace(threshold=0.5),
        )
    )


def closed(channels=3, classes=('cat', 'background', 'dog')):
    return AskedClasses(
        SimpleNamespace(
            out_channels=channels,
            align_corners=False,
            decode_head=SimpleNamespace(threshold=0.3),
        ),
        classes,
    )


def test_classes_asked_by_name():
    asked = named()
    assert asked.names() == ['background', 'cat', 'dog']
    assert asked.background == 0
    assert asked.of(None) == (dict(cat=1, dog=2), 3)
    assert asked.of('unicorn') == (dict(unicorn=1), 2)
    asked = named(background=False)
    assert asked.background is None and asked.names() == ['cat', 'dog']
    assert asked.of(None) == (dict(cat=0, dog=1), 2)
    assert asked.of('dog') == (dict(dog=1), 1)


def test_a_class_that_is_called_background_is_one_like_others():
    asked = named(background=False)
    asked.segmentor.text_encoder.names = ('background', 'cat')
    assert asked.background is None
    assert asked.of(None) == (dict(background=0, cat=1), 2)


def test_a_closed_set():
    asked = closed()
    # mmseg's SAN has a text encoder, which cannot be asked for names.
    asked.segmentor.text_encoder = object()
    assert not AskedClasses(asked.segmentor).by_name
    assert asked.of(None) == (dict(cat=0, dog=2), 3) and asked.background == 1
    assert closed(1, ('background', 'cat')).of(None) == (dict(cat=1), 1)
    assert closed(2, None).of(None)[0] == {'class 0': 0, 'class 1': 1}
    assert closed(1, None).of(None)[0] == {'class 1': 1}
    assert closed(21, 'voc').of(None)[0]['tvmonitor'] == 20
    assert closed(3, None).background is None
    with pytest.raises(ValueError, match='3 names .* do not fit the 2'):
        closed(1).of(None)


def test_a_closed_set_is_not_asked_for_one_class():
    with pytest.raises(ValueError, match="'cat' alone.*without EpisodeData"):
        closed().of('cat')


def test_probabilities_of_the_wanted_classes():
    logits = torch.randn(3, 4, 5)
    got = named().probabilities(logits, dict(dog=2))
    assert torch.equal(got, logits[2:].sigmoid())
    got = closed().probabilities(logits, dict(cat=0, dog=2))
    torch.testing.assert_close(got, logits.softmax(0)[[0, 2]])
    assert torch.equal(closed(1).probabilities(logits[:1], dict(cat=1)), logits[:1])


def test_answers_to_regions():
    ones = torch.ones(1, 2, 3)
    # By name over a background: the difference is the logit.
    values, said = named().read(
        torch.cat([ones, 3 * ones]), (4, 6), channels=3, label=2
    )
    assert torch.equal(values, torch.full((1, 4, 6), 2.0))
    assert said.dtype == torch.int16 and (said == 2).all()
    # mmseg turns a single channel into a probability. It becomes a logit
    # among others, and stays one where it is alone.
    values, said = named(False).read(0.9 * ones, (2, 3), 2, label=0)
    torch.testing.assert_close(values, torch.tensor(0.9).logit() * ones)
    values, said = named(False).read(0.4 * ones, (2, 3), 1, label=1)
    torch.testing.assert_close(values, 0.4 * ones)
    assert not said.any()
    values, said = closed(1).read(0.4 * ones, (2, 3), 1, label=None)
    assert (said == 1).all()  # its threshold is 0.3
    assert closed(1).read(ones, (2, 3), 1, None)[0].isfinite().all()
    values, said = closed().read(torch.cat([ones, 0 * ones, 2 * ones]), (2, 3), 3, None)
    assert values.shape == (3, 2, 3) and (said == 2).all()
