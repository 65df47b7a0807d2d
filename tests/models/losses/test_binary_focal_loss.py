"""The focal loss on one logit, against torchvision's."""

import pytest
import torch
from torchvision.ops import sigmoid_focal_loss

from mmseg_clsclip.models.losses import BinaryFocalLoss


@pytest.mark.parametrize('alpha', [0.3, [0.3]])
def test_it_is_torchvisions_over_valid_pixels(alpha):
    logits, label = torch.randn(3, 1, 5, 7), torch.randint(0, 2, (3, 5, 7))
    label[:, 0] = 255
    weight = torch.rand(3, 5, 7)
    expected = 2 * sigmoid_focal_loss(
        logits[:, 0], label.clamp(max=1).float(), alpha=0.3, gamma=1.5
    )
    expected[:, 0] = 0
    loss = BinaryFocalLoss(alpha=alpha, gamma=1.5, loss_weight=2.0)
    assert torch.isclose(loss(logits, label), expected.mean())
    torch.testing.assert_close(
        loss(logits, label, weight, reduction_override='none'), expected * weight
    )
    summed = BinaryFocalLoss(
        alpha=alpha, gamma=1.5, loss_weight=2.0, class_weight=[0.5], reduction='sum'
    )
    assert torch.isclose(summed(logits, label), expected.sum() / 2)
