"""Time and memory of a prediction, beside its floor and the naive path."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..models.segmentors.blank_samples import blank_samples
from ..utils.complexity import count_flops
from ..utils.machine import describe_machine, peak_memory
from ..utils.markdown import markdown_table
from .kernels import count_kernels
from .naive import NaiveClsCLIP
from .precision import tf32
from .products import matrix_products
from .random_models import Workload
from .replay import record_products
from .timing import DTYPES, run_alone, time_in_turns


@torch.no_grad()
def measure_memory(workload: Workload) -> int:
    """Return the peak in bytes of a process that predicts once."""
    model = workload.build()
    pictures = torch.randn(workload.shape, device=workload.device)
    model.predict(pictures, blank_samples(pictures))
    return peak_memory(workload.device)


@torch.no_grad()
def count_prediction(model: nn.Module, pictures: Tensor) -> int:
    """Count the operations of a prediction once the names are encoded."""
    model.predict(pictures, blank_samples(pictures))
    return count_flops(partial(model.predict, pictures, blank_samples(pictures)))


@torch.no_grad()
def compare_to_naive(model: nn.Module, naive: NaiveClsCLIP, pictures: Tensor) -> float:
    """Return the largest difference between the logits of both paths."""
    metas = [sample.metainfo for sample in blank_samples(pictures)]
    # With a background it has a channel of its own.
    logits = model.inference(pictures, metas)[:, model.with_background :]
    return (logits[:, : len(naive.names)] - naive(pictures)).abs().max().item()


def time_prediction(
    model: nn.Module,
    pictures: Tensor,
    dtype: str,
    flops: int,
    repeat: int,
    naive_classes: int,
    sizes: dict[str, int] | None = None,
) -> dict:
    """Time a model, its ceilings and, of ClsCLIP, the naive path, in turns.

    Args:
        model (nn.Module): A segmentor that is asked by names, in this dtype.
        pictures (Tensor): (N, 3, H, W).
        dtype (str): A key of ``DTYPES``.
        flops (int): Operations of a prediction.
        repeat (int): How often each is timed.
        naive_classes (int): The largest number of classes that the naive path is
            timed on.
        sizes (dict, optional): Of :func:`matrix_products`.

    Returns:
        dict: Figures of :func:`measure_time`, times in seconds.
    """
    device = str(pictures.device)
    products = matrix_products(DTYPES[dtype], device, **(sizes or {}))
    predict = partial(model.predict, pictures, blank_samples(pictures))
    functions = dict(products, ours=predict)
    classes = len(model.text_encoder.names)
    # Of more classes or pictures, all that goes into products would be kept.
    if classes == len(pictures) == 1:
        with torch.no_grad():
            predict()  # the names are encoded
        functions['products'] = record_products(predict)
    difference = naive = None
    if NaiveClsCLIP.is_of(model):
        naive = NaiveClsCLIP(model, naive_classes)
        difference = compare_to_naive(model, naive, pictures)
        # Against the background's 0; what a test step gives is labels.
        functions['naive'] = lambda: F.pad(naive(pictures), (0, 0, 0, 0, 1, 0)).argmax(
            1
        )
    timing = time_in_turns(functions, repeat, device)
    seconds = timing.seconds
    speeds = {name: one.flops / seconds[name] for name, one in products.items()}
    best = max(speeds, key=speeds.get)
    ceiling = speeds[best]
    return dict(
        seconds=seconds['ours'],
        products_seconds=seconds.get('products'),
        flops=flops,
        ceiling=best,
        ceiling_flops=ceiling,
        floor_seconds=flops / ceiling,
        naive_seconds=naive and seconds['naive'] * classes / len(naive.names),
        naive_classes=naive and len(naive.names),
        max_abs_diff_to_naive=difference,
        cpu_share=timing.cpu_share,
        note=timing.note(),
    )


@tf32(False)  # PyTorch lets convolutions, one of them a ceiling, take it
@torch.no_grad()  # else no weight is cast beforehand
def measure_time(workload: Workload, repeat: int, naive_classes: int) -> dict:
    """Time a workload's model, see :func:`time_prediction`.

    Args:
        workload (Workload): The model and its input.
        repeat (int): How often each is timed.
        naive_classes (int): The largest number of classes that the naive path is
            timed on.

    Returns:
        dict: A row, without ``peak_memory_bytes``.
    """
    device, classes = workload.device, workload.classes
    model = workload.build()
    pictures = torch.randn(workload.shape, device=device)
    # Any number of classes is the shared part and so many times the rest;
    # once the names are encoded.
    one, two = (
        count_prediction(workload.with_classes(k).build(), pictures) for k in (1, 2)
    )
    flops = one + (classes - 1) * (two - one)
    alone = replace(workload, classes=1).build()
    alone.predict(pictures, blank_samples(pictures))  # names encoded, weights cast
    kernels = count_kernels(partial(alone.predict, pictures, blank_samples(pictures)))
    figures = time_prediction(
        model, pictures, workload.dtype, flops, repeat, naive_classes
    )
    return dict(
        config=workload.config,
        classes=classes,
        batch=workload.shape[0],
        size=workload.shape[2],
        dtype=workload.dtype,
        device=device,
        **figures,
        kernels_of_one=kernels._asdict(),
        repeat=repeat,
        machine=describe_machine(device),
    )


def measure_alone(workload: Workload, repeat: int, naive_classes: int) -> dict:
    """Measure time and memory, each in a process of its own.

    So none finds another's memory, or the peak of one that was larger.

    Returns:
        dict: A row of :func:`format_rows`.
    """
    memory = run_alone(measure_memory, workload)
    row = run_alone(measure_time, workload, repeat, naive_classes)
    return dict(row, peak_memory_bytes=memory)


def format_rows(rows: Iterable[dict]) -> str:
    """Return the rows as a Markdown table."""
    heads = [
        'config',
        'K',
        'TFLOP',
        'seconds',
        'pictures/s',
        'of the ceiling',
        'over the floor',
        'over its products',
        'naive / ours',
        'peak GiB',
    ]
    cells = [
        [
            Path(row['config']).stem,
            row['classes'],
            f'{row["flops"] / 1e12:.3f}',
            f'{row["seconds"]:.3f}',
            f'{row["batch"] / row["seconds"]:.3g}',
            f'{row["floor_seconds"] / row["seconds"]:.0%}',
            f'{row["seconds"] / row["floor_seconds"]:.2f}',
            f'{row["seconds"] / row["products_seconds"]:.2f}'
            if row['products_seconds']
            else '',
            f'{row["naive_seconds"] / row["seconds"]:.2f}'
            if row['naive_seconds']
            else '',
            f'{row["peak_memory_bytes"] / 2**30:.2f}',
        ]
        for row in rows
    ]
    return markdown_table(heads, cells)


def describe_row(row: dict) -> str:
    """Return what a reader must know of a row's figures, in a line."""
    one = row['kernels_of_one']
    return (
        f'K = {row["classes"]}: {row["note"]}; ceiling {row["ceiling"]}, '
        f'{row["ceiling_flops"] / 1e9:.0f} GFLOP/s; of one name {one["number"]} '
        f'kernels, {one["casts"]} of them casts of {one["cast_bytes"] / 1e6:.1f} MB'
    )
