"""What inference needs beside the model: options, windows, running labels."""
from itertools import pairwise, product
from typing import Annotated, Literal, TypedDict, get_type_hints

import torch
from torch import Tensor

from .arguments import Count, That, check, known_keys

Size = Annotated[tuple[Count, Count],
                 That('a height and a width in pixels: (224, 224)')]
WHOLE = (slice(None), slice(None))
# The logit of a class that nothing speaks for. Finite, so that sums and half
# precision stay finite; nought after a sigmoid or softmax.
NEVER = -1e4


class WindowsCfg(TypedDict, total=False):
    """The options of mmseg's inference, and of how much at once."""
    mode: Literal['whole', 'slide']
    crop_size: Size | None
    stride: Size | None
    class_batch_size: Count | None


class PromptedCfg(WindowsCfg, total=False):
    """See :class:`mmseg_clsclip.prompted.PromptedSegmentor`."""
    labels_only: bool | None
    dtype: Literal['float32', 'bfloat16', 'float16'] | None
    keep_classes: Count | None
    compile: bool | dict | None


def check_test_cfg(where: str, test_cfg: dict, kind: type) -> None:
    """Refuse what nothing reads, and what cannot be done.

    Args:
        where (str): Whose it is, for the message.
        test_cfg (dict): With a ``mode``.
        kind (type): One of the above.

    Raises:
        ValueError: If there is any.
    """
    where = f'{where}: test_cfg'
    kinds = get_type_hints(kind, include_extras=True)
    # mmengine's own, such as _scope_, are none of ours.
    known_keys(where, [k for k in test_cfg if not k.startswith('_')], kinds)
    if test_cfg['mode'] == 'slide':
        kinds.update(crop_size=Size, stride=Size)
        test_cfg = {'crop_size': None, 'stride': None, **test_cfg}
    check(where, test_cfg, kinds)


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
