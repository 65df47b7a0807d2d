"""Canvas: what regions of a picture say, joined at its own size."""

import torch
from torch import Tensor

from ..models.inference.running_argmax import ABSENT_LOGIT

Window = tuple[int, int, int, int]


def keep_winners(logits: Tensor) -> Tensor:
    """Logits (C, H, W), ``ABSENT_LOGIT`` for all but a pixel's winning class."""
    channels = torch.arange(len(logits), device=logits.device)
    won = logits.argmax(dim=0) == channels[:, None, None]
    return logits.where(won, logits.new_tensor(ABSENT_LOGIT))


class Canvas:
    """Joins regions as they come, so that none is kept at full size.

    Args:
        channels (int): C. A single channel holds probabilities, as mmseg's
            results do, several hold logits.
        size (tuple[int, int]): Height and width of the picture.
        join (str): ``'or'``, ``'max'`` or ``'mean'``.
        together (bool): Whether a region speaks for all channels at once, a
            closed set's, or for one.
        background (int, optional): Which channel is the background.
        device (torch.device): Where the map is.

    Attributes:
        count (Tensor): (C, H, W) int16, or (1, H, W) if ``together``: how
            many regions cover a pixel.
        masks (dict): Room for what single regions said.
    """

    def __init__(
        self,
        channels: int,
        size: tuple[int, int],
        join: str,
        together: bool,
        background: int | None,
        device: torch.device,
    ):
        self.nothing = ABSENT_LOGIT if channels > 1 else 0.0
        self.mean = join == 'mean'
        self.winners_only = join == 'or' and together and channels > 1
        self.together = together
        self.background = background
        self._values = torch.full(
            (channels, *size), 0.0 if self.mean else self.nothing, device=device
        )
        self.count = torch.zeros(
            (1 if together else channels, *size), dtype=torch.int16, device=device
        )
        self.masks: dict = {}

    def add(self, window: Window, values: Tensor, channel: int | None = None) -> None:
        """Take in what a region says.

        Args:
            window (tuple): Its x1, y1, x2, y2, the latter two exclusive.
            values (Tensor): (1, h, w) of one channel, or (C, h, w).
            channel (int, optional): Which one; None for all.
        """
        if self.winners_only:
            values = keep_winners(values)
        x1, y1, x2, y2 = window
        rows = slice(None) if channel is None else slice(channel, channel + 1)
        part = self._values[rows, y1:y2, x1:x2]
        part.copy_(part + values if self.mean else part.maximum(values))
        self.count[rows, y1:y2, x1:x2] += 1

    def joined(self) -> Tensor:
        """The map (C, H, W), with ``nothing`` where no region is."""
        if not self.mean:
            return self._values
        values = self._values / self.count.clamp(min=1)
        return values.masked_fill_(self.count == 0, self.nothing)

    def left(self, labels: list[int]) -> Tensor:
        """Where ``'fallback'`` takes the whole picture's answer.

        Args:
            labels (list[int]): That have regions.

        Returns:
            Tensor: bool, (C or 1, H or 1, W or 1).
        """
        if self.together or self.background is None:
            return self.count == 0
        left = self.count.new_ones((len(self.count), 1, 1)).bool()
        left[[self.background, *labels]] = False
        return left

    def with_whole(
        self, whole: Tensor | None, whole_picture: str, labels: list[int]
    ) -> Tensor:
        """The map, the answer to the whole picture taken in.

        Args:
            whole (Tensor, optional): (C, H, W); None if it was not asked for.
            whole_picture (str): ``'fallback'``, ``'include'``, ``'never'``.
            labels (list[int]): That have regions.

        Returns:
            Tensor: seg_logits (C, H, W).
        """
        if whole_picture != 'never' and not labels:
            return whole
        if whole_picture == 'include':
            height, width = whole.shape[-2:]
            self.add((0, 0, width, height), whole)
        logits = self.joined()
        if self.background is not None and not self.together:
            logits[self.background] = 0
        if whole_picture == 'fallback' and whole is not None:
            logits = torch.where(self.left(labels), whole, logits)
        if whole_picture == 'never' and self.together and len(logits) > 1:
            logits[self.background][self.count[0] == 0] = 0
        return logits
