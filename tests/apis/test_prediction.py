"""From logits to labels, against mmseg's argmax."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmseg_clsclip.apis import Prediction


def prediction(background=True, classes=3, size=(20, 30), low=(20, 30)):
    logits = torch.randn(classes, *low, generator=torch.Generator().manual_seed(0))
    return Prediction(
        np.zeros((*size, 3), np.uint8),
        logits,
        tuple((f'class {k}', 'synonym') for k in range(classes)),
        background,
        [[k % 256] * 3 for k in range(classes + background)],
    )


def test_half_is_what_argmax_beside_a_background_of_nought_says():
    one = prediction()
    with_nought = F.pad(one.logits, (0, 0, 0, 0, 1, 0))
    np.testing.assert_array_equal(one.labels(), with_nought.argmax(0))
    assert one.names == ('background', 'class 0', 'class 1', 'class 2')


@pytest.mark.parametrize('threshold', [0.1, 0.73, 0.999])
def test_the_threshold_is_a_probability(threshold):
    one = prediction()
    best, label = one.probabilities.max(0)
    np.testing.assert_array_equal(
        one.labels(threshold), (label + 1) * (best > threshold)
    )


def test_without_a_background_the_numbers_stay():
    one = prediction()
    np.testing.assert_array_equal(
        one.labels(0.9, background=False), one.logits.argmax(0) + 1
    )
    closed = prediction(background=False)
    np.testing.assert_array_equal(closed.labels(), closed.logits.argmax(0))
    torch.testing.assert_close(closed.probabilities.sum(0), torch.ones(20, 30))
    with pytest.raises(ValueError, match='without a background; give'):
        closed.labels(background=True)


def test_small_logits_are_enlarged_as_mmseg_does():
    one = prediction(size=(80, 50), low=(20, 30))
    large = F.interpolate(
        one.logits[None], (80, 50), mode='bilinear', align_corners=False
    )
    large = F.pad(large[0], (0, 0, 0, 0, 1, 0))
    np.testing.assert_array_equal(one.labels(), large.argmax(0))


def test_more_classes_than_a_byte_counts():
    one = prediction(classes=300)
    assert one.labels().max() > 255 and one.labels().dtype == np.int16
    np.testing.assert_array_equal(
        one.labels(), F.pad(one.logits, (0, 0, 0, 0, 1, 0)).argmax(0)
    )


@pytest.mark.parametrize('threshold', [0, 1, 2, float('nan')])
def test_a_threshold_that_is_no_probability(threshold):
    with pytest.raises(ValueError, match='between 0 and 1'):
        prediction().labels(threshold)


def test_what_was_not_asked_has_no_pixel():
    one = prediction()
    one.asked, one.presence = (True, False, True), (0.2, 0.1, 0.3)
    kept = one.logits.clone()
    kept[1] = -1e4
    np.testing.assert_array_equal(
        one.labels(background=False), 1 + kept.argmax(0).numpy()
    )
    np.testing.assert_array_equal(
        one.labels(), F.pad(kept, (0, 0, 0, 0, 1, 0)).argmax(0).numpy()
    )
    assert (one.logits[1] > 1).any()  # it would have had some


def test_if_none_was_asked_the_likeliest_stands_for_no_background():
    one = prediction()
    one.logits = torch.full_like(one.logits, -1e4)
    one.asked, one.presence = (False,) * 3, (0.02, 0.04, 0.03)
    assert (one.labels(background=False) == 2).all()
    assert not one.labels().any()
