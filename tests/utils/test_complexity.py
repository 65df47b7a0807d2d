"""Counted operations against the formulas."""

import pytest
import torch
from torch import nn

from mmseg_clsclip.utils.complexity import count_flops


@pytest.mark.parametrize('train', [True, False])
def test_attention_counts(train):
    attention = (
        nn.MultiheadAttention(8, 2, batch_first=True).requires_grad_(False).train(train)
    )
    tokens = torch.rand(3, 10, 8)
    fast = torch.backends.mha.get_fastpath_enabled()
    counted = count_flops(lambda: attention(tokens, tokens, tokens, need_weights=False))
    assert counted == 2 * 3 * (4 * 10 * 8 * 8 + 2 * 10 * 10 * 8)
    assert torch.backends.mha.get_fastpath_enabled() == fast


def test_convolutions_and_the_way_back():
    conv = nn.Conv2d(3, 5, 3, padding=1)
    picture = torch.rand(2, 3, 6, 7)
    forward = 2 * 2 * 5 * 6 * 7 * 27
    assert count_flops(lambda: conv(picture)) == forward
    # The picture needs no gradient, the weights do.
    assert count_flops(lambda: conv(picture).sum().backward()) == 2 * forward
