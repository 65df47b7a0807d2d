"""What a call multiplies, done again alone: a floor that its memory knows."""

from collections.abc import Callable

import torch
from torch.utils._python_dispatch import TorchDispatchMode

# Whichever of them a backend, or the mode of autograd, lets through.
_PRODUCTS = (
    *('mm', 'addmm', 'bmm', 'baddbmm', 'matmul', 'linear', 'conv2d', 'convolution'),
)


class _Recorder(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.calls: list[Callable[[], object]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func._schema.name.removeprefix('aten::')
        if name in _PRODUCTS or 'scaled_dot_product' in name:
            self.calls.append(lambda: func(*args, **(kwargs or {})))
        return func(*args, **(kwargs or {}))


@torch.no_grad()
def record_products(function: Callable[[], object]) -> Callable[[], None]:
    """Record the matrix products and attentions of a call.

    A square product has its factors in the caches; these come in their order, with
    the call's own weights, which come from memory. Their inputs are kept.

    Args:
        function (Callable): The call.

    Returns:
        Callable: What does them again, in order, and nothing else.
    """
    with _Recorder() as recorder:
        function()

    def replay() -> None:
        for call in recorder.calls:
            call()

    return replay
