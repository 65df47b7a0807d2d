"""Classes asked for by name: labels, probabilities, regions."""

from types import SimpleNamespace

import torch

from mmseg_clsclip.zoom_in.prompted_classes import PromptedClasses
from mmseg_clsclip.zoom_in.region import Region, Window


def prompted(background=True, names=('cat', 'dog'), **kwargs):
    return PromptedClasses(
        SimpleNamespace(
            text_encoder=SimpleNamespace(names=names),
            with_background=background,
            align_corners=False,
            decode_head=SimpleNamespace(threshold=0.5),
            **kwargs,
        )
    )


def region(height, width, name, label):
    return Region(Window(5, 7, 5 + width, 7 + height), name, label)


def test_classes_asked_by_name():
    classes = prompted()
    assert classes.names == ['background', 'cat', 'dog']
    assert classes.background == 0
    assert classes.get_label_space(None) == (dict(cat=1, dog=2), 3)
    assert classes.get_label_space('unicorn') == (dict(unicorn=1), 2)
    classes = prompted(background=False)
    assert classes.background is None and classes.names == ['cat', 'dog']
    assert classes.get_label_space(None) == (dict(cat=0, dog=1), 2)
    assert classes.get_label_space('dog') == (dict(dog=1), 1)


def test_a_class_that_is_called_background_is_one_like_others():
    classes = prompted(background=False, names=('background', 'cat'))
    assert classes.background is None
    assert classes.get_label_space(None) == (dict(background=0, cat=1), 2)


def test_probabilities_of_the_classes_asked_for():
    logits = torch.randn(3, 4, 5)
    probabilities = prompted().compute_probabilities(logits, dict(dog=2))
    assert torch.equal(probabilities, logits[2:].sigmoid())


def test_predictions_for_regions():
    ones = torch.ones(1, 2, 3)
    # Over a background: the difference is the logit.
    dog = region(4, 6, 'dog', 2)
    values = prompted().read_region(torch.cat([ones, 3 * ones]), dog, channels=3)
    assert torch.equal(values, torch.full((1, 4, 6), 2.0))
    label_map = prompted().label_region(values, dog, 3)
    assert label_map.dtype == torch.int16 and (label_map == 2).all()
    # mmseg turns a single channel into a probability. It becomes a logit
    # among others, and stays one where it is alone.
    classes = prompted(background=False)
    values = classes.read_region(0.9 * ones, region(2, 3, 'cat', 0), 2)
    torch.testing.assert_close(values, torch.tensor(0.9).logit() * ones)
    cat = region(2, 3, 'cat', 1)
    values = classes.read_region(0.4 * ones, cat, 1)
    torch.testing.assert_close(values, 0.4 * ones)
    assert not classes.label_region(values, cat, 1).any()
    # Without a background 0 is a class, and what is none has another label.
    probabilities = torch.tensor([[[0.9, 0.2]]])
    for label in (0, 1):
        cat = region(1, 2, 'cat', label)
        values = classes.read_region(probabilities, cat, 2)
        assert classes.label_region(values, cat, 2).tolist() == [[label, 255]]


def test_a_whole_picture_is_weighed_as_its_regions():
    logits = torch.tensor([4.0, 1.0, 6.0])[:, None, None]  # (3, 1, 1)
    calibrated = prompted().calibrate_whole(logits)
    assert calibrated.flatten().tolist() == [0, -3, 2]
    # Classes that compete: each one's margin over the best other channel.
    margins = prompted(classes_compete=True).calibrate_whole(logits)
    assert margins.flatten().tolist() == [0, -5, 2]
    classes = prompted(background=False)
    assert torch.equal(classes.calibrate_whole(logits), logits)
