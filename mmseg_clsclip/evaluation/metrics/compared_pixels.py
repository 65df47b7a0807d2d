"""The pixels of a sample that a metric compares."""

import torch.nn.functional as F
from torch import Tensor

from ...datasets.masks import IGNORE


def _resized(labels: Tensor, side: int) -> Tensor:
    """Return labels (1, H, W) as (1, S, S), the nearest pixel's, as HSNet has it."""
    square = F.interpolate(labels[None].float(), (side, side), mode='nearest')
    return square[0].to(labels.dtype)


def check_sizes(sample: dict) -> None:
    """Refuse a truth of another size than the prediction.

    Args:
        sample (dict): With both, of shape (1, H, W), and perhaps ``seg_map_path``.

    Raises:
        ValueError: If it is one.
    """
    truth, pred = (
        tuple(sample[key]['data'].shape[-2:]) for key in ('gt_sem_seg', 'pred_sem_seg')
    )
    if pred != truth:
        raise ValueError(
            f'{_file(sample)}The truth is {truth}, the prediction {pred}: put '
            'LoadAnnotations after Resize in the test pipeline, so that masks keep '
            'their size.'
        )


def _file(sample: dict) -> str:
    path = sample.get('seg_map_path')
    return f'{path}: ' if path else ''


def find_counted(truth: Tensor, ignore_index: int, num_classes: int) -> Tensor:
    """Return which labels of a truth count, bool of its shape.

    Not ``ignore_index``, nor 255, which transforms and padding write, where there
    are too few classes for one of that label.
    """
    counted = truth != ignore_index
    return counted if num_classes > IGNORE else counted & (truth != IGNORE)


def compared_pixels(
    sample: dict, ignore_index: int, num_classes: int, side: int | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the labels of all pixels, and which of them count.

    Args:
        sample (dict): With a prediction and a truth of shape (1, H, W).
        ignore_index (int): Truth that does not count, see :func:`find_counted`.
        num_classes (int): K.
        side (int, optional): Of the square that both are resized to.

    Returns:
        tuple[Tensor, Tensor, Tensor]: Prediction, truth, and whether they count,
        (P,) each.

    Raises:
        ValueError: If the truth was resized.
    """
    check_sizes(sample)
    truth = sample['gt_sem_seg']['data']
    pred = sample['pred_sem_seg']['data'].to(truth.device)
    if side is not None:
        truth, pred = _resized(truth, side), _resized(pred, side)
    truth, pred = truth.flatten(), pred.flatten()
    return pred, truth, find_counted(truth, ignore_index, num_classes)


def check_labels(sample: dict, name: str, labels: Tensor, number: int) -> None:
    """Refuse labels (P,) that are not those of so many classes.

    Args:
        sample (dict): Whose they are, perhaps with ``seg_map_path``.
        name (str): What they are of it, for the message.
        labels (Tensor): Those that count.
        number (int): Of classes.

    Raises:
        ValueError: If there is one.
    """
    wrong = labels[(labels < 0) | (labels >= number)]
    if len(wrong):
        raise ValueError(
            f'{_file(sample)}The {name} has the label {int(wrong[0])}, and the data '
            f'set has {number} classes, 0 to {number - 1}: the labels, or the '
            'vocabulary, are of another data set.'
        )
