"""RunningArgmax: labels of channels that come a few at a time."""

import torch
from torch import Tensor

# The logit of a class that was not asked for. Finite, so that sums and half
# precision stay finite; nought after a sigmoid or softmax.
ABSENT_LOGIT = -1e4


class RunningArgmax:
    """The argmax over channels that come a few at a time.

    Args:
        background (bool): Whether there is a label 0 whose logit is 0.
    """

    def __init__(self, background: bool):
        self.background = background
        self.greatest: Tensor | None = None
        self.labels: Tensor | None = None

    def add(self, logits: Tensor, classes: Tensor) -> None:
        """Take the next channels (k, H, W), of these classes (k, )."""
        value, index = logits.max(0, keepdim=True)
        label = classes[index] + self.background
        if self.labels is None:
            least = 0 if self.background else -torch.inf
            self.greatest = torch.full_like(value, least)
            self.labels = torch.zeros_like(label)
        # As in argmax, the first of equals wins.
        self.labels = torch.where(value > self.greatest, label, self.labels)
        self.greatest = torch.maximum(value, self.greatest)
