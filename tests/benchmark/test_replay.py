"""What is done again is all that was multiplied, and nothing else."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmseg_clsclip.benchmark.kernels import count_kernels
from mmseg_clsclip.benchmark.replay import record_products
from mmseg_clsclip.utils.complexity import count_flops


class Small(nn.Module):
    """A product of each kind, and what is none between them."""

    def __init__(self):
        super().__init__()
        self.conv, self.linear = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 8, bias=False)
        self.with_bias, self.norm = nn.Linear(8, 8), nn.LayerNorm(8)

    def forward(self, pictures):
        tokens = self.norm(self.conv(pictures).flatten(2).transpose(1, 2))
        tokens = F.gelu(self.with_bias(self.linear(tokens)))
        tokens = F.scaled_dot_product_attention(tokens, tokens, tokens)
        return torch.addmm(tokens[0], tokens[0], tokens[0].t() @ tokens[0])


@pytest.mark.parametrize('mode', [torch.no_grad, torch.inference_mode])
def test_all_products_are_done_again_and_nothing_else(mode):
    model, pictures = Small().eval(), torch.randn(1, 3, 32, 32)

    def predict():
        with mode():
            return model(pictures)

    with torch.no_grad():
        replay = record_products(predict)
        assert count_flops(replay) == count_flops(predict) > 0
        assert count_kernels(replay).number < count_kernels(predict).number
