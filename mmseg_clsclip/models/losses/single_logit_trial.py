"""A trial of losses on a single foreground logit, before a training."""

from collections.abc import Sequence

import numpy as np
import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.losses import CrossEntropyLoss, DiceLoss, FocalLoss, TverskyLoss
from torch import Tensor, nn

_HINT = (
    'Write CrossEntropyLoss with use_sigmoid=True, BinaryDiceLoss, '
    "FocalLoss, or LovaszLoss with loss_type='binary'."
)


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
        _check_options(loss)
    # Room for what looks at windows; no side is as long as a list of weights.
    labels = torch.arange(2 * 67 * 71, device='cpu').reshape(2, 67, 71) % 3 % 2
    logits = (8.0 * labels - 4)[:, None]  # (2, 1, 67, 71), right everywhere
    labels[:, 0] = head.ignore_index
    weights = None
    if head.sampler is not None:
        weights = torch.ones_like(_sample_pixels(head.sampler, logits, labels))
    for loss in losses:
        _try_loss(loss, logits, labels, weights, head.ignore_index)


def _check_options(loss: nn.Module) -> None:
    """Refuse mmseg's losses whose options are for several channels."""
    name = type(loss).__name__
    match loss:
        case DiceLoss() | TverskyLoss():
            raise ValueError(
                f"mmseg's {name} is not for a single foreground "
                'logit: write BinaryDiceLoss.'
            )
        case CrossEntropyLoss() if not loss.use_sigmoid:
            raise ValueError(
                'A single logit needs a CrossEntropyLoss with use_sigmoid=True.'
            )
        case CrossEntropyLoss() | FocalLoss() if loss.class_weight is not None:
            _check_weight(name, loss.class_weight)
    key = getattr(loss, 'loss_name', 'loss')
    if not isinstance(key, str) or 'loss' not in key:
        raise ValueError(
            f"{name}: loss_name={key!r}: mmengine sums what has 'loss' in its "
            f"name, and nothing else trains: write 'loss_{key or name}'."
        )


def _check_weight(name: str, weight: Sequence[float] | float) -> None:
    """Refuse a loss's ``class_weight`` that is not one, or weighs nothing."""
    if np.size(weight) != 1:
        raise ValueError(
            f'{name}: class_weight={weight}, and a single logit has one, '
            'that of the foreground: write class_weight=[w].'
        )
    if not 0 < np.ravel(weight)[0] < np.inf:
        raise ValueError(
            f'{name}: class_weight={weight}, and what weighs the foreground is '
            'a finite number above 0: write class_weight=[1.0], or leave it out.'
        )


def _sample_pixels(sampler, logits: Tensor, labels: Tensor) -> Tensor:
    """Return what a sampler chooses."""
    try:
        return sampler.sample(logits, labels[:, None])
    except Exception as error:  # whatever it meets with one channel
        raise ValueError(
            f'sampler: {type(sampler).__name__} cannot choose pixels '
            f'by these losses and a single logit ({_short(error)}). Write '
            'OHEMPixelSampler without thresh and, among the losses, '
            'CrossEntropyLoss with use_sigmoid=True or FocalLoss.'
        ) from error


def _try_loss(
    loss: nn.Module,
    logits: Tensor,
    labels: Tensor,
    weights: Tensor | None,
    ignore_index: int,
) -> None:
    """Refuse a loss that is not smaller where the logits are right."""
    name = type(loss).__name__
    try:
        with torch.no_grad():
            right, wrong = (
                float(
                    loss(
                        sign * logits, labels, weight=weights, ignore_index=ignore_index
                    ).mean()
                )
                for sign in (1, -1)
            )
    except Exception as error:  # whatever it meets with one channel
        raise ValueError(
            f'{name} is not for a single logit ({_short(error)}). {_HINT}'
        ) from error
    if not right < wrong and getattr(loss, 'loss_weight', 1) != 0:
        raise ValueError(
            f'{name} does not train a single logit: it is {right:g} '
            f'where all is right and {wrong:g} where all is wrong. {_HINT}'
        )


def _short(error: Exception) -> str:
    return f'{type(error).__name__}: {" ".join(str(error).split())[:80]}'
