"""The Dice loss of one foreground logit."""

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Weight


@MODELS.register_module()
class BinaryDiceLoss(nn.Module):
    """``1 - (2 |P T| + 1) / (|P| + |T| + 1)``, a picture, and their mean.

    P are the foreground's probabilities, T the binary mask, sums run over the
    pixels that are not ignored. mmseg's own DiceLoss counts 255 as a value and
    reads a single channel as the background's.

    Args:
        loss_weight (float): Factor. Defaults to 1.0.
        loss_name (str): Key in the dict of losses; has ``loss`` in it.
    """

    def __init__(self, loss_weight: Weight = 1.0, loss_name: str = 'loss_dice'):
        super().__init__()
        self.loss_weight = loss_weight
        self.loss_name = loss_name

    def forward(
        self, seg_logits: Tensor, seg_label: Tensor, ignore_index: int = 255, **kwargs
    ) -> Tensor:
        """Return the loss of a batch.

        Args:
            seg_logits (Tensor): Foreground logits (N, 1, H, W).
            seg_label (Tensor): 0, 1 and ``ignore_index`` (N, H, W), int64.
            ignore_index (int): Label of pixels that do not count.

        Returns:
            Tensor: Scalar, float32.
        """
        valid = (seg_label != ignore_index).flatten(1)
        prob = seg_logits.float().sigmoid().flatten(1) * valid
        truth = (seg_label == 1).flatten(1) * valid
        overlap = 2 * (prob * truth).sum(1) + 1
        dice = overlap / (prob.sum(1) + truth.sum(1) + 1)
        return self.loss_weight * torch.mean(1 - dice)
