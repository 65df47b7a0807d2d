"""How many kernels a call runs, and what it casts, on whatever device."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class Kernels(NamedTuple):
    """Counts of a call.

    Attributes:
        number (int): Operators that compute or copy; a view is none.
        casts (int): Of these, to another dtype.
        cast_bytes (int): That the casts read and write.
    """

    number: int
    casts: int
    cast_bytes: int


class _Counter(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.number = self.casts = self.cast_bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        views = any(
            a.alias_info is not None and not a.alias_info.is_write
            for a in func._schema.returns
        )
        # What is only made room for is no kernel, either.
        if not views and func.overloadpacket is not torch.ops.aten.empty:
            self.number += 1
        if func is torch.ops.aten._to_copy.default and out.dtype != args[0].dtype:
            self.casts += 1
            self.cast_bytes += sum(
                tensor.numel() * tensor.element_size() for tensor in (args[0], out)
            )
        return out


@torch.no_grad()
def count_kernels(function: Callable[[], Tensor]) -> Kernels:
    """Count the kernels of a call, operator by operator as PyTorch runs them.

    An operator may be several kernels of a device; so it is the least number.
    """
    with _Counter() as counter:
        function()
    return Kernels(counter.number, counter.casts, counter.cast_bytes)
