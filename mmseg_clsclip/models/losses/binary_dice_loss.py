"""Losses on one foreground logit, and which of mmseg's do for it."""

from collections.abc import Sequence

import numpy as np
import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.losses import CrossEntropyLoss, DiceLoss, FocalLoss, TverskyLoss
from mmseg.models.losses.focal_loss import py_sigmoid_focal_loss
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Weight

_WRITE = (
    'Write CrossEntropyLoss with use_sigmoid=True, BinaryDiceLoss, '
    "FocalLoss, or LovaszLoss with loss_type='binary'."
)


@MODELS.register_module()
class BinaryDiceLoss(nn.Module):
    """1 - (2 |P T| + 1) / (|P| + |T| + 1), a picture, and their mean.

    P are the foreground's probabilities, T the binary mask, sums run over the
    pixels that are not ignored. mmseg's own DiceLoss counts 255 as a value and
    reads a single channel as the background's.

    Args:
        loss_weight (float): Factor. Defaults to 1.0.
        loss_name (str): Key in the dict of losses; begins with ``loss_``.
    """

    def __init__(self, loss_weight: Weight = 1.0, loss_name: str = 'loss_dice'):
        super().__init__()
        self.loss_weight = loss_weight
        self.loss_name = loss_name

    def forward(
        self, seg_logits: Tensor, seg_label: Tensor, ignore_index: int = 255, **kwargs
    ) -> Tensor:
        """The loss of a batch.

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
        """The loss of a batch.

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


def for_one_logit(loss: dict | Sequence[dict]) -> dict | list[dict]:
    """Config of losses in which those with a relative on one logit are it.

    Args:
        loss (dict | Sequence[dict]): As mmseg's heads take it.
    """
    if isinstance(loss, (list, tuple)):
        return [for_one_logit(one) for one in loss]
    kind = loss.get('type') if isinstance(loss, dict) else None
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    return dict(loss, type=BinaryFocalLoss) if kind is FocalLoss else loss


def check_losses(head: BaseDecodeHead) -> None:
    """Refuse losses and samplers that a single logit is not trained by.

    They are tried on a few pixels: a loss must be smaller where the logits
    are right than where they are wrong.

    Args:
        head (BaseDecodeHead): With one logit.

    Raises:
        ValueError: With what to write.
    """
    losses = (
        head.loss_decode
        if isinstance(head.loss_decode, nn.ModuleList)
        else [head.loss_decode]
    )
    for loss in losses:
        name = type(loss).__name__
        if isinstance(loss, (DiceLoss, TverskyLoss)):
            raise ValueError(
                f"mmseg's {name} is not for a single foreground "
                'logit: write BinaryDiceLoss.'
            )
        if isinstance(loss, CrossEntropyLoss) and not loss.use_sigmoid:
            raise ValueError(
                'A single logit needs a CrossEntropyLoss with use_sigmoid=True.'
            )
        weight = getattr(loss, 'class_weight', None)
        if isinstance(loss, (CrossEntropyLoss, FocalLoss)) and (
            weight is not None and np.size(weight) != 1
        ):
            raise ValueError(
                f'{name}: class_weight={weight}, and a single logit has one, '
                'that of the foreground: write class_weight=[w].'
            )
        if (
            isinstance(loss, (CrossEntropyLoss, FocalLoss))
            and weight is not None
            and not 0 < np.ravel(weight)[0] < np.inf
        ):
            raise ValueError(
                f'{name}: class_weight={weight}, and what weighs the foreground is '
                'a finite number above 0: write class_weight=[1.0], or leave it out.'
            )
        key = getattr(loss, 'loss_name', 'loss')
        if not isinstance(key, str) or 'loss' not in key:
            raise ValueError(
                f"{name}: loss_name={key!r}: mmengine sums what has 'loss' in its "
                f"name, and nothing else trains: write 'loss_{key or name}'."
            )
    # Room for what looks at windows; no side is as long as a list of weights.
    labels = torch.arange(2 * 67 * 71, device='cpu').reshape(2, 67, 71) % 3 % 2
    right = (8.0 * labels - 4)[:, None]
    labels[:, 0] = head.ignore_index
    pixels = None
    if head.sampler is not None:
        try:
            pixels = head.sampler.sample(right, labels[:, None])
        except Exception as error:  # whatever it meets with one channel
            raise ValueError(
                f'sampler: {type(head.sampler).__name__} cannot choose pixels '
                f'by these losses and a single logit ({_short(error)}). Write '
                'OHEMPixelSampler without thresh and, among the losses, '
                'CrossEntropyLoss with use_sigmoid=True or FocalLoss.'
            ) from error
        pixels = torch.ones_like(pixels)
    with torch.no_grad():
        for loss in losses:
            name = type(loss).__name__
            try:
                low, high = (
                    float(
                        loss(
                            logits,
                            labels,
                            weight=pixels,
                            ignore_index=head.ignore_index,
                        ).mean()
                    )
                    for logits in (right, -right)
                )
            except Exception as error:  # whatever it meets with one channel
                raise ValueError(
                    f'{name} is not for a single logit ({_short(error)}). {_WRITE}'
                ) from error
            if not low < high and getattr(loss, 'loss_weight', 1) != 0:
                raise ValueError(
                    f'{name} does not train a single logit: it is {low:g} '
                    f'where all is right and {high:g} where all is wrong. '
                    f'{_WRITE}'
                )


def _short(error: Exception) -> str:
    return f'{type(error).__name__}: {" ".join(str(error).split())[:80]}'
