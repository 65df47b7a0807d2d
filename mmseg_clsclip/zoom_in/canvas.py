"""Canvas: the values of a picture's regions, joined at its own size."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from ..models.inference.restoring import ABSENT_LOGIT
from .options import Join, WholePicture
from .region import Region, Window

ALL_CHANNELS = slice(None)


def keep_winners(logits: Tensor) -> Tensor:
    """Return logits (C, H, W), ``ABSENT_LOGIT`` for all but a pixel's argmax."""
    channels = torch.arange(len(logits), device=logits.device)
    won = logits.max(0).indices == channels[:, None, None]  # (C, H, W)
    return logits.where(won, ABSENT_LOGIT)


class Canvas(ABC):
    """Joins regions as they come, so that none is kept at full size.

    Args:
        channels (int): C. A single channel holds probabilities, as mmseg's
            results do, several hold logits.
        size (tuple[int, int]): Height and width of the picture.
        join (Join): How overlapping regions are joined.
        background (int, optional): Channel of the background.
        device (torch.device): Where the values are.

    Attributes:
        count (Tensor): int16 (C or 1, H, W), how many regions cover a pixel.
        regions (list[Region]): Those that are pasted.
        label_maps (dict[Region, Tensor]): Label maps (h, w) of single
            regions, for drawing; empty unless ZoomIn keeps them.
    """

    counts_channels: bool  # whether regions differ by channel

    def __init__(
        self,
        channels: int,
        size: tuple[int, int],
        join: Join,
        background: int | None,
        device: torch.device,
    ):
        self.join = join
        self.background = background
        self.absent = ABSENT_LOGIT if channels > 1 else 0.0
        self._values = torch.full(
            (channels, *size), 0.0 if join is Join.MEAN else self.absent, device=device
        )
        self.count = torch.zeros(
            (channels if self.counts_channels else 1, *size),
            dtype=torch.int16,
            device=device,
        )
        self.regions: list[Region] = []
        self.label_maps: dict[Region, Tensor] = {}

    @abstractmethod
    def find_uncovered(self) -> Tensor:
        """Return where ``'fallback'`` takes the whole picture's logits.

        Returns:
            Tensor: bool (C or 1, H or 1, W or 1).
        """

    @abstractmethod
    def _select_channels(self, region: Region) -> slice:
        """Return the channels that a region has values of."""

    @abstractmethod
    def _set_background(self, logits: Tensor, whole_picture: WholePicture) -> None:
        """Write the background's channel of logits (C, H, W)."""

    def paste(self, region: Region, values: Tensor) -> None:
        """Join the values (1 or C, h, w) of a region."""
        self.regions.append(region)
        self._paste(region.window, values, self._select_channels(region))

    def _paste(self, window: Window, values: Tensor, channels: slice) -> None:
        part = self._values[(channels, *window.slices)]  # a view (1 or C, h, w)
        part.copy_(part + values if self.join is Join.MEAN else part.maximum(values))
        self.count[(channels, *window.slices)] += 1

    def _include(self, whole: Tensor) -> None:
        """Join the whole picture (C, H, W), as one more region."""
        height, width = whole.shape[-2:]
        self._paste(Window(0, 0, width, height), whole, ALL_CHANNELS)

    def join_regions(self) -> Tensor:
        """Return values (C, H, W), ``absent`` where no region is."""
        if self.join is not Join.MEAN:
            return self._values
        values = self._values / self.count.clamp(min=1)
        return values.masked_fill_(self.count == 0, self.absent)

    def add_whole(self, whole: Tensor | None, whole_picture: WholePicture) -> Tensor:
        """Return the joined values, completed by those of the whole picture.

        Args:
            whole (Tensor, optional): (C, H, W); None where it is not needed.
            whole_picture (WholePicture): Where it is taken.

        Returns:
            Tensor: seg_logits (C, H, W).
        """
        if whole_picture is not WholePicture.NEVER and not self.regions:
            return whole
        if whole_picture is WholePicture.INCLUDE:
            self._include(whole)
        logits = self.join_regions()
        if whole_picture is WholePicture.FALLBACK and whole is not None:
            logits = torch.where(self.find_uncovered(), whole, logits)
        self._set_background(logits, whole_picture)
        return logits


class PromptedCanvas(Canvas):
    """Regions of one class each, beside a background that is 0."""

    counts_channels = True

    def find_uncovered(self) -> Tensor:
        """Return all of the classes without a region.

        Without a background a class is uncovered outside of its regions, too.
        """
        if self.background is None:
            return self.count == 0
        uncovered = self.count.new_ones((len(self.count), 1, 1)).bool()
        uncovered[[self.background, *(region.label for region in self.regions)]] = False
        return uncovered

    def _include(self, whole: Tensor) -> None:
        height, width = whole.shape[-2:]
        # A class that was not asked for has no answer that a mean could be of.
        asked = whole.amax((1, 2)) > ABSENT_LOGIT / 2
        for channel, was_asked in enumerate(asked.tolist()):
            if was_asked:
                part = slice(channel, channel + 1)
                self._paste(Window(0, 0, width, height), whole[part], part)

    def _select_channels(self, region: Region) -> slice:
        # A single channel has label 1.
        channel = region.label if len(self._values) > 1 else 0
        return slice(channel, channel + 1)

    def _set_background(self, logits: Tensor, whole_picture: WholePicture) -> None:
        if self.background is not None:
            logits[self.background] = 0


class ClosedSetCanvas(Canvas):
    """Regions of all classes at once."""

    counts_channels = False

    def find_uncovered(self) -> Tensor:
        """Return the pixels that are in no region."""
        return self.count == 0

    def _select_channels(self, region: Region) -> slice:
        return ALL_CHANNELS

    def _paste(self, window: Window, values: Tensor, channels: slice) -> None:
        if self.join is Join.OR and len(values) > 1:
            values = keep_winners(values)
        super()._paste(window, values, channels)

    def join_regions(self) -> Tensor:
        """Return values (C, H, W), see the base class.

        For OR the background is where no region found a class.
        """
        values = super().join_regions()
        if self.join is Join.OR and len(values) > 1 and self.background is not None:
            found = values > ABSENT_LOGIT / 2
            found[self.background] = False
            values[self.background].masked_fill_(found.any(0), ABSENT_LOGIT)
        return values

    def _set_background(self, logits: Tensor, whole_picture: WholePicture) -> None:
        # A single channel's background is its absence.
        if whole_picture is WholePicture.NEVER and len(logits) > 1:
            logits[self.background][self.count[0] == 0] = 0
