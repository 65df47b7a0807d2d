"""ClassByClassInference: a vocabulary asked a few classes at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import Any

import torch
from mmseg.models.utils import resize
from torch import Tensor, nn

from .class_batches import ClassBatcher
from .sliding_windows import Window


class ClassByClassInference:
    """Asks a segmentor for many classes: what they share once, then batches.

    The call flow for N pictures and K classes in each window::

        shared_features()                     once
        similarity() -> the likeliest classes if ``keep_classes`` says so
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
        top_k: int | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Give the foreground logits of all classes, or the likeliest.

        Args:
            segmentor (nn.Module): A :class:`CLIPSegmentor`.
            inputs (Tensor): (N, 3, H, W).
            text (Tensor): Text tokens (N, K, D).
            windows (Sequence[Window]): Rows and columns of each.
            top_k (int, optional): So many classes a picture, the likeliest.

        Yields:
            tuple[Tensor, Tensor]: Indices (N, k) among the K classes, and
            their logits (N, k, H, W), the mean over the windows.
        """
        views = [inputs[(..., *window)] for window in windows]
        with self.precision(segmentor, inputs):
            shared = [segmentor.shared_features(view) for view in views]
            classes, text = self._select(segmentor, shared, text, top_k)

        def logits_of(part: Tensor) -> Tensor:
            logits = (
                self.view_logits(segmentor, features, part, view.shape[2:])
                for view, features in zip(views, shared)
            )
            if len(views) == 1:
                return next(logits)
            return _mean_over_windows(logits, windows, inputs.shape[2:])

        grid = segmentor.backbone.grid_size(*views[0].shape[2:])
        for batch, logits in self.batcher(
            logits_of,
            text,
            size=segmentor.test_cfg.get('class_batch_size'),
            tokens=len(inputs) * prod(grid),
        ):
            yield classes[:, batch], logits

    @staticmethod
    def _select(
        segmentor: nn.Module, shared: list, text: Tensor, top_k: int | None
    ) -> tuple[Tensor, Tensor]:
        """Return indices (N, k) of the classes to ask for, and their text."""
        number, total, width = text.shape
        if not top_k or top_k >= total:
            return torch.arange(total, device=text.device).expand(number, -1), text
        likely = torch.stack([segmentor.similarity(view, text) for view in shared])
        classes = likely.amax(0).topk(top_k).indices.sort().values  # (N, k)
        return classes, text.gather(1, classes[..., None].expand(-1, -1, width))

    def view_logits(
        self, segmentor: nn.Module, shared: Any, text: Tensor, size: tuple[int, int]
    ) -> Tensor:
        """Return logits (N, k, H, W) of a view of this height and width."""
        height, width = size
        backbone = segmentor.backbone
        with self.precision(segmentor, text):
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
    def precision(segmentor: nn.Module, like: Tensor) -> AbstractContextManager:
        """Return autocast of the test_cfg's dtype, or leave what surrounds."""
        dtype = segmentor.test_cfg.get('dtype')
        if dtype is None:
            return nullcontext()
        return torch.autocast(
            like.device.type, getattr(torch, dtype), dtype != 'float32'
        )


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
