"""Matrix products, the fastest of which is the ceiling of any model's speed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

MATRIX_SIDE = 4096  # of the square matrices
TOKENS = 4096  # rows of the layers
# A CPU is at its best with less, and done sooner.
CPU_MATRIX_SIDE, CPU_TOKENS = 2048, 1024
WIDTH = 768  # of ViT-B/16, whose feed-forward is four times as wide


@dataclass
class Product:
    """A matrix product, as often as is asked.

    Attributes:
        compute (Callable): Multiplies once, and returns the result.
        shape (tuple[int, int, int]): Rows, what is summed over, and columns.
        repeat (int): How often a call computes it.
    """

    compute: Callable[[], Tensor]
    shape: tuple[int, int, int]
    repeat: int

    def __call__(self) -> None:
        """Multiply, as often as ``flops`` counts."""
        for _ in range(self.repeat):
            self.compute()

    @property
    def flops(self) -> int:
        """Operations of a call; a product and its sum are two."""
        return 2 * math.prod(self.shape) * self.repeat


def matrix_products(
    dtype: torch.dtype,
    device: str,
    side: int | None = None,
    tokens: int | None = None,
    width: int = WIDTH,
) -> dict[str, Product]:
    """Return the products by name.

    ``mm`` is one of square matrices; ``linear`` a layer of a tower's feed-forward with
    its bias, and ``convolution`` the same as a 1 x 1 one: on a CPU another library's.

    Args:
        dtype (torch.dtype): Of all that is multiplied.
        device (str): Where it is computed.
        side (int, optional): Of the square matrices.
        tokens (int, optional): Rows of the layer.
        width (int): Of a token.
    """
    cpu = device == 'cpu'
    side = side or (CPU_MATRIX_SIDE if cpu else MATRIX_SIDE)
    tokens = tokens or (CPU_TOKENS if cpu else TOKENS)
    noise = partial(torch.randn, dtype=dtype, device=device)
    matrix, product = (noise(side, side) for _ in range(2))
    rows, weight, bias = noise(tokens, width), noise(4 * width, width), noise(4 * width)
    image = rows.t()[None, ..., None]  # (1, C, L, 1), channels last
    kernel, layer = weight[..., None, None], (tokens, width, 4 * width)
    # A GPU is done with one sooner than it can be asked for.
    repeat = 1 if cpu else 50
    return dict(
        mm=Product(
            lambda: torch.mm(matrix, matrix, out=product), (side, side, side), repeat
        ),
        linear=Product(lambda: F.linear(rows, weight, bias), layer, repeat),
        convolution=Product(lambda: F.conv2d(image, kernel, bias), layer, repeat),
    )
