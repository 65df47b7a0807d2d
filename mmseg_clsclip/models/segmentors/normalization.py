"""Pictures and the statistics that normalise them are of one scale."""

from typing import Any

import torch
from torch import Tensor, nn

from ...utils.log import warn


def _scale(pictures: list[Tensor]) -> float | None:
    """What white is in pictures, 1 or 255; None if nobody can tell.

    Numbers of pictures that are normalised already are beyond both.
    """
    if any(one.dtype == torch.uint8 for one in pictures):
        return 255
    if not all(one.is_floating_point() for one in pictures):
        return None
    high = max(float(one.max()) for one in pictures)
    if min(float(one.min()) for one in pictures) < 0:
        return None
    if high > 2:
        return 255
    # A dark picture of 0 to 255 is all whole numbers, or nearly black.
    bright = max(float(one.mean()) for one in pictures) > 0.1
    fractions = any(bool((one % 1).any()) for one in pictures)
    return 1 if 0.5 < high <= 1 and bright and fractions else None


def check_normalization(preprocessor: nn.Module, inputs: tuple[Any]) -> None:
    """Tell of statistics of another scale than the pictures'.

    A hook before a ``SegDataPreProcessor``'s forward.

    Args:
        preprocessor (nn.Module): With ``mean`` and ``std``, or without.
        inputs (tuple): Of its forward: a dict whose ``inputs`` are pictures.

    Raises:
        ValueError: If pictures go to 255 and statistics to 1.
    """
    data = inputs[0] if inputs else None
    pictures = data.get('inputs') if isinstance(data, dict) else None
    if (
        pictures is None
        or not len(pictures)
        or not all(isinstance(one, Tensor) and one.numel() for one in pictures)
    ):
        return
    scale = _scale(list(pictures))
    if scale is None:
        return
    mean, std = (getattr(preprocessor, key, None) for key in ('mean', 'std'))
    given = std is not None
    if not given:
        mean, std = torch.zeros(1), torch.ones(1)
    mean, std = mean.detach().flatten().cpu(), std.detach().flatten().cpu()
    told = f'mean={_round(mean)} and std={_round(std)}' if given else 'no mean and std'
    small = bool((std < 1).all()) or bool(
        (std <= 1).all() and mean.any() and (mean.abs() <= 1).all()
    )
    if scale == 255 and small:
        raise ValueError(
            f'data_preprocessor has {told}, statistics of pictures from 0 to '
            '1, and these go from 0 to 255. Write '
            f'mean={_round(mean * 255 if mean.max() <= 1 else mean)} and '
            f'std={_round(std * 255)}.'
        )
    if getattr(preprocessor, '_told', False):
        return
    if scale == 1 and bool((std > 2).all()):
        preprocessor._told = True
        # Random numbers, by which time and memory are measured, are such, too.
        warn(
            f'data_preprocessor has {told}, statistics of pictures from 0 to '
            '255, and these go from 0 to 1, by which all are nearly black. '
            f'Write mean={_round(mean / 255)} and std={_round(std / 255)}, '
            'or leave out what divides the pictures.'
        )
    odd = bool((std == 1).all() and not mean.any()) or bool(
        (std > 2).all() and ((mean > 0) & (mean < 1)).all()
    )
    if scale == 255 and odd:
        preprocessor._told = True
        warn(
            f'data_preprocessor has {told} for pictures from 0 to 255: what '
            'CLIP sees is far from what it was trained on. Its own are '
            'mean=[122.771, 116.746, 104.094] and '
            'std=[68.501, 66.632, 70.323].'
        )


def _round(values: Tensor) -> list[float]:
    return [round(value, 3) for value in values.tolist()]
