"""The products whose speed is the ceiling."""

import pytest
import torch

from mmseg_clsclip.benchmark.products import matrix_products
from mmseg_clsclip.utils.complexity import count_flops


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_they_count_their_operations(dtype):
    products = matrix_products(dtype, 'cpu', side=32, tokens=24, width=8)
    assert [*products] == ['mm', 'linear', 'convolution']
    for product in products.values():
        assert product.flops == count_flops(product)
        product.repeat = 3
        assert product.flops == count_flops(product)
    assert products['mm'].shape == (32, 32, 32)
    assert products['linear'].shape == products['convolution'].shape == (24, 8, 32)


def test_the_convolution_is_the_layer():
    products = matrix_products(torch.float32, 'cpu', 8, tokens=24, width=8)
    got = products['convolution'].compute()[0, ..., 0].t()
    torch.testing.assert_close(got, products['linear'].compute(), atol=1e-5, rtol=0)
