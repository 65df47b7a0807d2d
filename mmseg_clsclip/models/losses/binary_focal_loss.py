"""The focal loss of one foreground logit."""

from collections.abc import Sequence

import numpy as np
from mmseg.models.losses import FocalLoss
from mmseg.models.losses.focal_loss import py_sigmoid_focal_loss
from mmseg.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class BinaryFocalLoss(FocalLoss):
    """mmseg's ``FocalLoss`` on one logit.

    mmseg's own needs compiled operators and a GPU for that, and gives the
    same there. A head of ours that is given ``FocalLoss`` takes this one.

    Args:
        kwargs: Of mmseg's ``FocalLoss``.

    Raises:
        ValueError: If ``alpha`` is of several classes.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if np.size(self.alpha) != 1:
            raise ValueError(
                f'FocalLoss: alpha={self.alpha}, and a single '
                'logit has one, that of the foreground.'
            )

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        ignore_index: int = 255,
        **kwargs,
    ) -> Tensor:
        """Return the loss of a batch.

        Args:
            pred (Tensor): Foreground logits (N, 1, H, W).
            target (Tensor): 0, 1 and ``ignore_index`` (N, H, W), int64.
            weight (Tensor, optional): Of pixels (N, H, W).
            avg_factor (float, optional): What a mean divides by.
            reduction_override (str, optional): In place of ``reduction``.
            ignore_index (int): Label of pixels that do not count.

        Returns:
            Tensor: Scalar; (N, H, W) without reduction.
        """
        reduction = reduction_override or self.reduction
        loss = self.loss_weight * py_sigmoid_focal_loss(
            pred.reshape(-1, 1),
            (target == 1).reshape(-1, 1),
            weight=None if weight is None else weight.reshape(-1, 1),
            gamma=self.gamma,
            alpha=self.alpha,
            class_weight=self.class_weight,
            valid_mask=(target != ignore_index).reshape(-1, 1),
            reduction=reduction,
            avg_factor=avg_factor,
        )
        return loss.reshape(target.shape) if reduction == 'none' else loss


def adapt_losses(loss: dict | Sequence[dict]) -> dict | list[dict]:
    """Return a config of losses with :class:`BinaryFocalLoss` for ``FocalLoss``.

    Args:
        loss (dict | Sequence[dict]): As mmseg's heads take it.
    """
    if isinstance(loss, (list, tuple)):
        return [adapt_losses(part) for part in loss]
    kind = loss.get('type') if isinstance(loss, dict) else None
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    return dict(loss, type=BinaryFocalLoss) if kind is FocalLoss else loss
