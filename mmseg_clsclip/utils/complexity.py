"""Floating-point operations of a call."""

from collections.abc import Callable

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def count_flops(function: Callable[[], object]) -> int:
    """Return the floating-point operations of a call, by PyTorch's own counter.

    Those of matrix products, convolutions and attention; a product and its
    sum are two. If the call ends in a ``backward()``, that is counted, too.

    Args:
        function (Callable): Is called once.
    """
    # The counter knows neither all fused attentions nor the fast path of
    # nn.MultiheadAttention, which does a whole layer at once.
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
            function()
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return counter.get_total_flops()
