"""How fast a device multiplies matrices: the ceiling of any model."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from ..timing import DTYPES, MatrixProduct, time_in_turns
from .plan import Plan
from .precision import PRECISIONS, tf32


class LinearLayers:
    """A layer of the tower's feed-forward, with its bias, as often as is asked.

    Args:
        plan (Plan): Says how many tokens, and the tower's width.
        dtype (str): A key of ``DTYPES``.
        repeat (int): How often a call computes it.
    """

    def __init__(self, plan: Plan, dtype: str, repeat: int):
        kind = dict(dtype=DTYPES[dtype], device=plan.device)
        self.repeat = repeat
        self.tokens = torch.randn(plan.tokens, plan.width, **kind)
        self.weight = torch.randn(4 * plan.width, plan.width, **kind)
        self.bias = torch.randn(4 * plan.width, **kind)

    def __call__(self) -> None:
        """Compute it, as often as ``flops`` counts."""
        for _ in range(self.repeat):
            F.linear(self.tokens, self.weight, self.bias)

    @property
    def flops(self) -> int:
        """Operations of a call; a product and its sum are two."""
        return 2 * len(self.tokens) * self.weight.numel() * self.repeat


def measure_ceilings(plan: Plan) -> Iterator[dict]:
    """Give the speed of a square product and of our layers, by precision."""
    side = plan.matrix_side
    shapes = dict(
        mm=(side, side, side), linear=(plan.tokens, plan.width, 4 * plan.width)
    )
    for precision, (dtype, allowed) in PRECISIONS.items():
        square = MatrixProduct(dtype, plan.device, plan.matrix_side)
        layers = LinearLayers(plan, dtype, square.repeat)
        with tf32(allowed):
            seconds = time_in_turns(
                dict(mm=square, linear=layers), plan.repeat, plan.device
            )
        for product, kind in (('mm', square), ('linear', layers)):
            yield dict(
                precision=precision,
                product=product,
                shape=' x '.join(map(str, shapes[product])),
                flops_per_second=kind.flops / seconds[product],
            )
