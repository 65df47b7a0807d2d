"""Matrix products, the fastest of which is the ceiling of any model's speed."""

import torch
import torch.nn.functional as F

MATRIX_SIDE = 4096  # of the square matrices
TOKENS = 4096  # rows of the layers
# A CPU is at its best with less, and done sooner.
CPU_MATRIX_SIDE, CPU_TOKENS = 2048, 1024
WIDTH = 768  # of ViT-B/16, whose feed-forward is four times as wide


class SquareProduct:
    """A product of square matrices, as often as is asked.

    Args:
        dtype (torch.dtype): Of the factors.
        device (str): Where it is computed.
        repeat (int): How often a call computes it.
        side (int): Of the matrices.
    """

    def __init__(
        self, dtype: torch.dtype, device: str, repeat: int, side: int = MATRIX_SIDE
    ):
        self.repeat = repeat
        self.shape = side, side, side
        self.matrix = torch.randn(side, side, dtype=dtype, device=device)
        self.product = torch.empty_like(self.matrix)

    def compute(self) -> None:
        """Multiply once."""
        torch.mm(self.matrix, self.matrix, out=self.product)

    def __call__(self) -> None:
        """Multiply, as often as ``flops`` counts."""
        for _ in range(self.repeat):
            self.compute()

    @property
    def flops(self) -> int:
        """Operations of a call; a product and its sum are two."""
        rows, inner, columns = self.shape
        return 2 * rows * inner * columns * self.repeat


class LinearLayer(SquareProduct):
    """A layer of a tower's feed-forward, with its bias.

    Args:
        dtype (torch.dtype): Of tokens and weights.
        device (str): Where it is computed.
        repeat (int): How often a call computes it.
        tokens (int): Rows.
        width (int): Of a token.
    """

    def __init__(
        self,
        dtype: torch.dtype,
        device: str,
        repeat: int,
        tokens: int = TOKENS,
        width: int = WIDTH,
    ):
        self.repeat = repeat
        self.shape = tokens, width, 4 * width
        self.tokens = torch.randn(tokens, width, dtype=dtype, device=device)
        self.weight = torch.randn(4 * width, width, dtype=dtype, device=device)
        self.bias = torch.randn(4 * width, dtype=dtype, device=device)

    def compute(self) -> None:
        """Compute the layer once."""
        F.linear(self.tokens, self.weight, self.bias)


class Convolution(LinearLayer):
    """The same layer as a 1 x 1 convolution: on a CPU another library's."""

    def compute(self) -> None:
        """Compute the layer once."""
        tokens = self.tokens.t()[None, ..., None]  # (1, C, L, 1), channels last
        F.conv2d(tokens, self.weight[..., None, None], self.bias)


def matrix_products(
    dtype: torch.dtype,
    device: str,
    side: int | None = None,
    tokens: int | None = None,
    width: int = WIDTH,
) -> dict[str, SquareProduct]:
    """Return the products by name: ``mm``, ``linear`` and ``convolution``."""
    cpu = device == 'cpu'
    side = side or (CPU_MATRIX_SIDE if cpu else MATRIX_SIDE)
    tokens = tokens or (CPU_TOKENS if cpu else TOKENS)
    # A GPU is done with one sooner than it can be asked for.
    repeat = 1 if cpu else 50
    return dict(
        mm=SquareProduct(dtype, device, repeat, side),
        linear=LinearLayer(dtype, device, repeat, tokens, width),
        convolution=Convolution(dtype, device, repeat, tokens, width),
    )
