"""The precisions that are compared, TF32 among them."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .timing import DTYPES

# The dtype of each, and whether float32 may be multiplied as TF32.
PRECISIONS = {
    'float32': ('float32', False),
    'TF32': ('float32', True),
    **{dtype: (dtype, False) for dtype in DTYPES if dtype != 'float32'},
}


@contextmanager
def tf32(allowed: bool) -> Iterator[None]:
    """Let products and convolutions of float32 round their factors to TF32, or not.

    PyTorch lets convolutions do so and products not, unless it is told.
    """
    products = torch.get_float32_matmul_precision()
    convolutions = torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision('high' if allowed else 'highest')
    torch.backends.cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(products)
        torch.backends.cudnn.allow_tf32 = convolutions
