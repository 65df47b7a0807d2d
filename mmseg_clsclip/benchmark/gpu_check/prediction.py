"""What a prediction costs, by names, size, batch and dtype."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ...models.segmentors.blank_samples import blank_samples
from ...utils.machine import peak_memory, reset_peak_memory
from ..inference import count_prediction, time_prediction
from ..precision import tf32
from .plan import Plan


@torch.no_grad()
def time_predictions(plan: Plan, dtype: str) -> Iterator[dict]:
    """Give times beside the floor and the naive path, few names first.

    Names that are asked one at a time come in batches of pictures, too, of the
    last size.

    Args:
        plan (Plan): What is measured.
        dtype (str): A key of ``DTYPES``.
    """
    model = plan.workload(max(plan.classes)).build()
    names = model.text_encoder.names

    def ask(classes: int) -> None:
        model.text_encoder.set_vocabulary(list(names[:classes]))
        model.text_encoder(device=plan.device)  # they are encoded once

    def noise(batch: int, size: int) -> Tensor:
        return torch.randn(batch, 3, size, size, device=plan.device)

    flops = {}  # by size and names: the shared part, and so many times the rest
    for classes in (1, 2):
        ask(classes)
        for size in plan.sizes:
            flops[size, classes] = count_prediction(model, noise(1, size))
    model.test_cfg.dtype = dtype
    for classes in sorted(plan.classes):
        ask(classes)
        for size in plan.sizes:
            many = classes == 1 and size == plan.sizes[-1]
            one, two = flops[size, 1], flops[size, 2]
            for batch in plan.batches if many else (1,):
                pictures = noise(batch, size)
                reset_peak_memory(plan.device)
                model.predict(pictures, blank_samples(pictures))
                memory = peak_memory(plan.device)
                with tf32(False):
                    figures = time_prediction(
                        model,
                        pictures,
                        dtype,
                        batch * (one + (classes - 1) * (two - one)),
                        plan.repeat,
                        plan.naive_classes,
                        dict(
                            side=plan.matrix_side, tokens=plan.tokens, width=plan.width
                        ),
                    )
                yield dict(
                    size=size,
                    classes=classes,
                    batch=batch,
                    dtype=dtype,
                    **figures,
                    peak_memory_bytes=memory,
                )
