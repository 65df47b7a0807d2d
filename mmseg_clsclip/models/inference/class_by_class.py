"""ClassByClassInference: a vocabulary asked a few classes at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import Any

import torch
from mmseg.models.utils import resize
from torch import Tensor, nn

from .class_batches import ClassBatcher
from .precision import Precision, resolve_dtype
from .sliding_windows import Window


class ClassByClassInference:
    """Asks a segmentor for many classes: what they share once, then batches.

    The call flow for N pictures and K classes in each window::

        shared_features()                     once
        class_logits() -> resize()            for each batch of classes

    What is asked is an argument of each call and no attribute, so that a copy
    of the segmentor asks the copy.

    Args:
        class_logits (Callable): The segmentor's method, not bound to one.
        compile (bool | dict): Whether ``torch.compile`` is let loose on it, or
            with which options.
    """

    def __init__(self, class_logits: Callable, compile: bool | dict | None):
        self.batcher = ClassBatcher()
        self.precision = Precision()
        self.class_logits = class_logits
        if compile:
            # Sizes and numbers of classes change from picture to picture.
            options = compile if isinstance(compile, dict) else {}
            self.class_logits = torch.compile(
                class_logits, **{'dynamic': True, **options}
            )

    def iter_logits(
        self,
        segmentor: nn.Module,
        inputs: Tensor,
        text: Tensor,
        windows: Sequence[Window],
        asked: Tensor | None = None,
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Give the foreground logits of all classes, or of those that are asked.

        Args:
            segmentor (nn.Module): A :class:`CLIPSegmentor`.
            inputs (Tensor): (N, 3, H, W).
            text (Tensor): Text tokens (N, K, D).
            windows (Sequence[Window]): Rows and columns of each.
            asked (Tensor, optional): Which classes of which picture (N, K),
                bool. Defaults to all of all.

        Yields:
            tuple[Tensor, Tensor, Tensor]: Of some pairs of a picture and a class,
            in the order of the pictures, the indices (P,) of these and (P,) of the
            classes, and the logits (P, H, W), the mean over the windows.
        """
        if asked is None:
            pictures, pairs = None, text
        else:
            # Each picture has names of its own, so each pair is a picture that is
            # asked for one class.
            pictures, classes = asked.nonzero(as_tuple=True)  # (P,)
            if not len(pictures):
                return
            pairs = text[pictures, classes][None]  # (1, P, D)
        segmentor = self.in_precision(segmentor, inputs.device)
        views = [inputs[(..., *window)] for window in windows]
        with self.autocast(segmentor, inputs.device):
            shared = [segmentor.shared_features(view) for view in views]

        def logits_of(which: slice) -> Tensor:
            part = pairs[:, which]
            own = shared
            if pictures is not None:
                part = part.transpose(0, 1)  # (p, 1, D)
                own = [take_pictures(features, pictures[which]) for features in own]
            logits = (
                self.view_logits(segmentor, features, part, view.shape[2:])
                for view, features in zip(views, own)
            )
            if len(views) == 1:
                return next(logits)
            return _mean_over_windows(logits, windows, inputs.shape[2:])

        grid = segmentor.backbone.grid_size(*views[0].shape[2:])
        for which, logits in self.batcher(
            logits_of,
            pairs.shape[1],
            inputs.device,
            size=segmentor.test_cfg.get('class_batch_size'),
            tokens=len(pairs) * prod(grid),
        ):
            if pictures is None:
                indices = torch.arange(pairs.shape[1], device=inputs.device)[which]
                rows = torch.arange(len(pairs), device=inputs.device)
                of = rows.repeat_interleave(len(indices)), indices.repeat(len(rows))
            else:
                of = pictures[which], classes[which]
            yield *of, logits.flatten(0, 1)

    def view_logits(
        self, segmentor: nn.Module, shared: Any, text: Tensor, size: tuple[int, int]
    ) -> Tensor:
        """Return logits (N, k, H, W) of a view of this height and width."""
        height, width = size
        backbone = segmentor.backbone
        with self.autocast(segmentor, text.device):
            seg_logits = self.class_logits(
                segmentor, shared, text, backbone.grid_size(height, width)
            )
        # The backbone padded to whole patches at the right and the bottom.
        return resize(
            seg_logits.float(),
            size=backbone.padded_size(height, width),
            mode='bilinear',
            align_corners=segmentor.align_corners,
        )[..., :height, :width]

    @staticmethod
    def autocast(segmentor: nn.Module, device: torch.device) -> AbstractContextManager:
        """Return autocast of the test_cfg's dtype, or leave what surrounds."""
        dtype = resolve_dtype(segmentor.test_cfg.get('dtype'), device)
        if dtype is None:
            return nullcontext()
        return torch.autocast(device.type, dtype, dtype != torch.float32)

    def in_precision(self, segmentor: nn.Module, device: torch.device) -> nn.Module:
        """Return the segmentor, its weights cast for :meth:`autocast`."""
        dtype = resolve_dtype(segmentor.test_cfg.get('dtype'), device)
        return self.precision.cast(segmentor, dtype)


def take_pictures(shared: Any, pictures: Tensor) -> Any:
    """Return what some pictures (P,) share with others, of what all share.

    Args:
        shared: Of N pictures, as a segmentor's ``shared_features`` gave it: a
            tensor (N, ...), or a tuple of tensors and of what all have alike.
        pictures (Tensor): Indices.
    """
    if isinstance(shared, tuple):
        return tuple(take_pictures(part, pictures) for part in shared)
    return shared[pictures] if isinstance(shared, Tensor) else shared


def _mean_over_windows(
    logits: Iterator[Tensor], windows: Sequence[Window], size: tuple[int, int]
) -> Tensor:
    """Average the logits (N, k, h, w) of overlapping windows: (N, k, H, W)."""
    total = count = None
    for window, part in zip(windows, logits):
        if total is None:
            total = part.new_zeros(*part.shape[:2], *size)
            count = part.new_zeros(size)
        total[(..., *window)] += part
        count[window] += 1
    return total / count
