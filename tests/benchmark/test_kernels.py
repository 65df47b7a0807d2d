"""Kernels of calls whose operators are known."""

import torch
import torch.nn.functional as F

from mmseg_clsclip.benchmark.kernels import count_kernels


def test_views_are_none_and_casts_are_counted():
    x = torch.randn(4, 6)
    weight = torch.randn(5, 6)

    def call():
        y = x.t()[:3].reshape(3, 2, 2).flatten(1)  # views, and one copy
        z = y.contiguous().half()  # a cast of 12 numbers
        return z + 1

    counts = count_kernels(call)
    assert counts.casts == 1 and counts.cast_bytes == 12 * 4 + 12 * 2
    assert count_kernels(lambda: x.t().unsqueeze(0).expand(3, -1, -1)).number == 0
    assert count_kernels(lambda: F.linear(x, weight)).number == 1
    assert count_kernels(lambda: x.clone().add_(1)).number == 2
    assert count_kernels(lambda: torch.empty(3)).number == 0
    assert count_kernels(lambda: x.to(torch.float32)).casts == 0


def test_autocast_casts_weights_that_are_frozen_each_time():
    layer = torch.nn.Linear(6, 5).requires_grad_(False)
    x = torch.randn(4, 6)

    def call():
        with torch.autocast('cpu', torch.bfloat16):
            return layer(layer(x)[:, :1].expand(-1, 6))

    # The picture, two weights and two biases.
    assert count_kernels(call).casts == 5
