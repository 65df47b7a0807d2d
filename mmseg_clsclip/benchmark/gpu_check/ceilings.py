"""How fast a device multiplies matrices: the ceiling of any model."""

from collections.abc import Iterator

from ..precision import PRECISIONS, tf32
from ..products import matrix_products
from ..timing import DTYPES, time_in_turns
from .plan import Plan


def measure_ceilings(plan: Plan) -> Iterator[dict]:
    """Give the speed of matrix products, by precision."""
    for precision, (dtype, allowed) in PRECISIONS.items():
        products = matrix_products(
            DTYPES[dtype], plan.device, plan.matrix_side, plan.tokens, plan.width
        )
        with tf32(allowed):
            timing = time_in_turns(products, plan.repeat, plan.device)
        for name, product in products.items():
            yield dict(
                precision=precision,
                product=name,
                shape=' x '.join(map(str, product.shape)),
                flops_per_second=product.flops / timing.seconds[name],
            )
