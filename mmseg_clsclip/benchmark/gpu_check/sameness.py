"""The numbers of a device beside those of the CPU in float32."""

from collections.abc import Iterator
from copy import deepcopy

import torch

from ..precision import PRECISIONS, tf32
from .plan import Plan

CLASSES = 3
# Of the logits' norm. Sums in another order differ by some 1e-6.
TOLERANCE = 1e-4


@torch.no_grad()
def compare_with_cpu(plan: Plan) -> Iterator[dict]:
    """Give the errors of the device's logits, a row for each precision.

    Raises:
        ValueError: If float32 without TF32 gives other numbers than the CPU, or
            any precision gives what is not finite.
    """
    torch.manual_seed(0)
    workload = plan.workload(CLASSES, 'cpu', plan.sizes[0])
    reference = workload.build()
    # Before it has read the names, so that the device reads them, too.
    model = deepcopy(reference).to(plan.device)
    pictures = torch.randn(2, *workload.shape[1:])
    expected = reference.encode_decode(pictures, None)[:, reference.with_background :]
    wrong = []
    for precision, (dtype, allowed) in PRECISIONS.items():
        model.test_cfg.dtype = dtype
        with tf32(allowed):
            logits = model.encode_decode(pictures.to(plan.device), None)
        logits = logits[:, model.with_background :].cpu()
        error = logits - expected
        row = dict(
            precision=precision,
            largest=error.abs().max().item(),
            relative=(error.norm() / expected.norm()).item(),
            same_signs=((logits > 0) == (expected > 0)).float().mean().item(),
            finite=bool(logits.isfinite().all()),
            std=expected.std().item(),
        )
        yield row
        exact = precision != 'float32' or row['relative'] <= TOLERANCE
        if not (row['finite'] and exact):
            wrong.append(f'{precision}: relative error {row["relative"]:.1e}')
    if wrong:
        raise ValueError(
            f'{plan.device} gives other numbers than the CPU ({"; ".join(wrong)}; '
            f'float32 may differ by {TOLERANCE:.0e}).'
        )
