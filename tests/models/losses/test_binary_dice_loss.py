"""The Dice loss on one logit, against a plain count."""

import numpy as np
import pytest
import torch

from mmseg_clsclip.models.losses import BinaryDiceLoss


def test_it_is_the_formula_over_valid_pixels():
    rng = np.random.RandomState(0)
    logits = rng.randn(3, 1, 5, 7)
    label = rng.choice([0, 1, 255], (3, 5, 7))
    expected = []
    for x, t in zip(logits[:, 0], label):
        p, t = 1 / (1 + np.exp(-x[t != 255])), t[t != 255]
        expected.append(1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1))
    loss = BinaryDiceLoss(loss_weight=0.5)(
        torch.from_numpy(logits), torch.from_numpy(label)
    )
    assert float(loss) == pytest.approx(np.mean(expected) / 2, rel=1e-5)


def test_ignored_pixels_have_no_gradient_and_nothing_is_no_loss():
    logits = torch.zeros(1, 1, 2, 2, requires_grad=True)
    label = torch.tensor([[[1, 0], [255, 255]]])
    BinaryDiceLoss()(logits, label).backward()
    assert (logits.grad[0, 0, 0] != 0).all()
    assert (logits.grad[0, 0, 1] == 0).all()
    empty = BinaryDiceLoss()(torch.full((1, 1, 2, 2), -50.0), label * 0)
    assert float(empty) == pytest.approx(0, abs=1e-6)
