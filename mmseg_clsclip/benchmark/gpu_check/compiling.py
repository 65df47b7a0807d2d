"""What torch.compile makes of a prediction of one name."""

from collections.abc import Iterator
from functools import partial

import torch

from ...models.segmentors.blank_samples import blank_samples
from ..timing import time_in_turns, time_once
from .plan import Plan


@torch.no_grad()
def time_compiled(plan: Plan) -> Iterator[dict]:
    """Give times by the ``compile`` of the test_cfg, beside those without it.

    The time of a first prediction is that of compiling, too. Each number of
    pictures has a compiled model of its own, as CUDA graphs are of one shape.

    Args:
        plan (Plan): What is measured.
    """
    size = plan.sizes[-1]
    plain = plan.workload(1, dtype='bfloat16').build()
    for compilation in plan.compilations:
        for batch in sorted({plan.batches[0], plan.batches[-1]}):
            workload = plan.workload(1, dtype='bfloat16', compile=compilation)
            models = dict(plain=plain, compiled=workload.build())
            pictures = torch.randn(batch, 3, size, size, device=plan.device)
            functions = {
                name: partial(model.predict, pictures, blank_samples(pictures))
                for name, model in models.items()
            }
            first = time_once(functions['compiled'], plan.device)
            timing = time_in_turns(functions, plan.repeat, plan.device)
            yield dict(
                compile=compilation,
                size=size,
                batch=batch,
                first_seconds=first,
                seconds=timing.seconds['compiled'],
                plain_seconds=timing.seconds['plain'],
            )
