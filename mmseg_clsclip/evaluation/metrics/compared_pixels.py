"""The pixels of a sample that a metric compares."""

from torch import Tensor


def compared_pixels(sample: dict, ignore_index: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the labels of all pixels, and which of them count.

    Args:
        sample (dict): With a prediction and a truth of shape (1, H, W).
        ignore_index (int): Truth that does not count.

    Returns:
        tuple[Tensor, Tensor, Tensor]: Prediction, truth, and whether they count,
        (P,) each.

    Raises:
        ValueError: If the truth was resized.
    """
    truth = sample['gt_sem_seg']['data']
    pred = sample['pred_sem_seg']['data'].to(truth.device)
    if pred.shape[-2:] != truth.shape[-2:]:
        raise ValueError(
            f'The truth is {tuple(truth.shape[-2:])}, the prediction '
            f'{tuple(pred.shape[-2:])}: put LoadAnnotations after '
            'Resize in the test pipeline, so that masks keep their '
            'size.'
        )
    truth, pred = truth.flatten(), pred.flatten()
    return pred, truth, truth != ignore_index
