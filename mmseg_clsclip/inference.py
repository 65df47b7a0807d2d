"""What inference needs beside the model: options, windows, running labels."""
from collections.abc import Sequence
from itertools import pairwise, product

import torch
from torch import Tensor

DTYPES = ('float32', 'bfloat16', 'float16')
WHOLE = (slice(None), slice(None))
# The logit of a class that nothing speaks for. Finite, so that sums and half
# precision stay finite; nought after a sigmoid or softmax.
NEVER = -1e4


def check_test_cfg(test_cfg: dict) -> None:
    """Whether it says how precisely, and at once or in windows.

    Args:
        test_cfg (dict): See :class:`mmseg_clsclip.prompted.PromptedSegmentor`.

    Raises:
        ValueError: If it does not.
    """
    dtype = test_cfg.get('dtype')
    if dtype not in (None, *DTYPES):
        raise ValueError(f'test_cfg: dtype={dtype!r}: write one of '
                         f'{", ".join(map(repr, DTYPES))}.')
    mode = test_cfg['mode']
    if mode not in ('whole', 'slide'):
        raise ValueError(f"test_cfg: mode={mode!r}: write 'whole' or 'slide'.")
    for key in ('crop_size', 'stride') if mode == 'slide' else ():
        value = test_cfg.get(key)
        if not (isinstance(value, Sequence) and len(value) == 2
                and min(value) > 0):
            raise ValueError(f'test_cfg: {key}={value!r}: write a height and '
                             'a width in pixels: (224, 224).')


def sliding_windows(size: tuple[int, int], crop: tuple[int, int],
                    stride: tuple[int, int]) -> list[tuple[slice, slice]]:
    """Rows and columns of windows that cover a picture, as mmseg lays them.

    Args:
        size (tuple[int]): Height and width of the picture.
        crop (tuple[int]): Of a window.
        stride (tuple[int]): From a window to the next; the last ones end at
            the picture's edge.

    Raises:
        ValueError: If they leave pixels out.
    """
    sides = [[
        slice(max(0, min(at, whole - part)), min(at + part, whole))
        for at in range(0, max(whole - part + step, 1), step)
    ] for whole, part, step in zip(size, crop, stride)]
    if any(b.start > a.stop for side in sides for a, b in pairwise(side)):
        raise ValueError(
            f'Windows of crop_size={tuple(crop)}, stride={tuple(stride)} '
            f'apart, leave pixels of a picture of {tuple(size)} out. Set the '
            "test_cfg's stride to at most its crop_size.")
    return list(product(*sides))


class RunningArgmax:
    """The argmax over channels that come a few at a time.

    Args:
        background (bool): Whether there is a label 0 whose logit is 0.
    """

    def __init__(self, background: bool):
        self.background = background
        self.greatest: Tensor | None = None
        self.labels: Tensor | None = None

    def add(self, logits: Tensor, which: Tensor) -> None:
        """Take the next channels (k, H, W) of the classes ``which`` (k, )."""
        value, index = logits.max(0, keepdim=True)
        label = which[index] + self.background
        if self.labels is None:
            least = 0 if self.background else -torch.inf
            self.greatest = torch.full_like(value, least)
            self.labels = torch.zeros_like(label)
        # As in argmax, the first of equals wins.
        self.labels = torch.where(value > self.greatest, label, self.labels)
        self.greatest = torch.maximum(value, self.greatest)
