"""Pictures and the statistics that normalise them are of one scale."""

from typing import Any

import torch
from torch import Tensor, nn

from ...utils.log import warn
from ...utils.weight_versions import weight_versions

# Batches of float pictures whose values are looked at: each may wait for a GPU.
FLOAT_BATCHES = 20
CLIP_STATISTICS = 'mean=[122.771, 116.746, 104.094] and std=[68.501, 66.632, 70.323]'


class Statistics:
    """A preprocessor's ``mean`` and ``std``, read from their device once.

    Attributes:
        float_batches (int): How many are still to be looked at.
        small (bool): Whether they are of pictures from 0 to 1.
        large (bool): Whether they are of pictures from 0 to 255.
        odd (bool): Whether they leave such pictures far from normal.
    """

    def __init__(self, tensors: tuple[Tensor, ...]):
        self.float_batches = FLOAT_BATCHES
        self._tensors, self._versions = tensors, weight_versions(tensors)
        self.mean, self.std = (
            [value.detach().flatten().cpu() for value in tensors]
            if tensors
            else (torch.zeros(1), torch.ones(1))
        )
        mean, std = self.mean, self.std
        self.small = bool((std < 1).all()) or bool(
            (std <= 1).all() and mean.any() and (mean.abs() <= 1).all()
        )
        self.large = bool((std > 2).all())
        self.odd = bool((std == 1).all() and not mean.any()) or (
            self.large and bool(((mean > 0) & (mean < 1)).all())
        )

    def are_of(self, tensors: tuple[Tensor, ...]) -> bool:
        """Return whether these are the tensors, and as they were."""
        return weight_versions(tensors) == self._versions

    def __str__(self) -> str:
        if not self._tensors:
            return 'no mean and std'
        return f'mean={_round(self.mean)} and std={_round(self.std)}'


def _round(values: Tensor) -> list[float]:
    return [round(value, 3) for value in values.tolist()]


def _white(pictures: list[Tensor]) -> float | None:
    """Return what white is in float pictures, 1 or 255; None if nobody can tell.

    Numbers of pictures that are normalised already are beyond both.
    """
    high = max(float(picture.max()) for picture in pictures)
    if min(float(picture.min()) for picture in pictures) < 0:
        return None
    if high > 2:
        return 255
    # A dark picture of 0 to 255 is all whole numbers, or nearly black.
    bright = max(float(picture.mean()) for picture in pictures) > 0.1
    fractions = any(bool((picture % 1).any()) for picture in pictures)
    return 1 if 0.5 < high <= 1 and bright and fractions else None


def _check_numbers(statistics: Statistics) -> None:
    """Refuse statistics that nothing is normalised by.

    Raises:
        ValueError: If one is no number or infinite, or ``std`` is not above 0.
    """
    for name, values in (('mean', statistics.mean), ('std', statistics.std)):
        if not values.isfinite().all():
            raise ValueError(
                f'data_preprocessor has {name}={_round(values)}, and each of its '
                "values is a finite number. CLIP's own are "
                f'{CLIP_STATISTICS}.'
            )
    if not (statistics.std > 0).all():
        raise ValueError(
            f'data_preprocessor has std={_round(statistics.std)}, which pictures '
            f"are divided by: each is above 0. CLIP's own are {CLIP_STATISTICS}."
        )


class NormalizationCheck:
    """Checks that statistics are of the pictures' scale.

    A hook before a ``SegDataPreProcessor``'s forward. Pictures of bytes cost
    nothing; of others the first :data:`FLOAT_BATCHES` are looked at.
    """

    def __init__(self):
        self._statistics: Statistics | None = None
        self._warned = False

    def _read_statistics(self, preprocessor: nn.Module) -> Statistics:
        """Return the statistics as they are now; those of before if nothing changed.

        Raises:
            ValueError: If nothing can be normalised by them.
        """
        tensors = ()
        if getattr(preprocessor, 'std', None) is not None:
            tensors = preprocessor.mean, preprocessor.std
        if self._statistics is None or not self._statistics.are_of(tensors):
            statistics = Statistics(tensors)
            _check_numbers(statistics)
            self._statistics = statistics
        return self._statistics

    def __call__(self, preprocessor: nn.Module, inputs: tuple[Any]) -> None:
        """Check the statistics, and the pictures that they are for.

        Args:
            preprocessor (nn.Module): With ``mean`` and ``std``, or without.
            inputs (tuple): Of its forward: a dict whose ``inputs`` are pictures.

        Raises:
            ValueError: If pictures go to 255 and statistics to 1, or these are no
                numbers to normalise by.
        """
        data = inputs[0] if inputs else None
        pictures = data.get('inputs') if isinstance(data, dict) else None
        if (
            pictures is None
            or not len(pictures)
            or not all(
                isinstance(picture, Tensor) and picture.numel() for picture in pictures
            )
        ):
            return
        statistics, white = self._read_statistics(preprocessor), 255
        if not any(picture.dtype == torch.uint8 for picture in pictures):
            if (
                not statistics.float_batches
                or not (statistics.small or statistics.large or statistics.odd)
                or not all(picture.is_floating_point() for picture in pictures)
            ):
                return
            statistics.float_batches -= 1
            white = _white(list(pictures))
        mean, std = statistics.mean, statistics.std
        if white == 255 and statistics.small:
            raise ValueError(
                f'data_preprocessor has {statistics}, statistics of pictures from '
                '0 to 1, and these go from 0 to 255. Write '
                f'mean={_round(mean * 255 if mean.max() <= 1 else mean)} and '
                f'std={_round(std * 255)}.'
            )
        if self._warned:
            return
        message = ''
        if white == 1 and statistics.large:
            # Random numbers, by which time and memory are measured, are such, too.
            message = (
                f'data_preprocessor has {statistics}, statistics of pictures from '
                '0 to 255, and these go from 0 to 1, by which all are nearly black. '
                f'Write mean={_round(mean / 255)} and std={_round(std / 255)}, '
                'or leave out what divides the pictures.'
            )
        elif white == 255 and statistics.odd:
            message = (
                f'data_preprocessor has {statistics} for pictures from 0 to 255: '
                'what CLIP sees is far from what it was trained on. Its own are '
                f'{CLIP_STATISTICS}.'
            )
        if message:
            self._warned = True
            warn(message)
