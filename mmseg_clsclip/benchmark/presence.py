"""Time of a vocabulary of which a presence asks for some names alone."""

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from ..models.presence import CLIPPresence
from ..models.segmentors.blank_samples import blank_samples
from ..utils.machine import describe_machine
from ..utils.markdown import markdown_table
from .random_models import Workload
from .timing import time_in_turns


def keep(model: nn.Module, number: int | None, views: str) -> None:
    """Let a model ask for so many names of a picture, or for all."""
    model.presence = number and CLIPPresence(
        views=views, weight=0, min_probability=0, max_asked=number
    )


def predict(
    model: nn.Module, pictures: Tensor, number: int | None, views: str
) -> Tensor:
    """Return labels (N, 1, H, W) of the likeliest names, or of all."""
    keep(model, number, views)
    samples = model.predict(pictures, blank_samples(pictures))
    return torch.stack([sample.pred_sem_seg.data for sample in samples])


@torch.no_grad()
def measure_presence(workload: Workload, numbers: list[int], repeat: int) -> list[dict]:
    """Time all names, the likeliest, and what these must cost, in turns.

    The latter is the time of a model that is asked for those names alone, which
    encodes the picture as well, and of CLIP's own pass of it.

    Args:
        workload (Workload): Of one picture.
        numbers (list[int]): Of names that are asked, one after the other.
        repeat (int): How often each is timed.

    Returns:
        list[dict]: A row for each number. ``same_labels`` is the share of labels
        that are those of a model that is asked for these names alone; with random
        weights two names are often a last bit apart.

    Raises:
        ValueError: If there are more of them than names.
    """
    if max(numbers) > workload.classes:
        raise ValueError(
            f'{max(numbers)} of {workload.classes} names cannot be asked: write fewer.'
        )
    model = workload.build()
    pictures = torch.randn(workload.shape, device=workload.device)
    functions = dict(all=lambda: predict(model, pictures, None, 'whole'))
    visual = model.backbone.visual.module
    small = torch.randn(1, 3, *visual.image_size, device=workload.device)
    functions['pass'] = lambda: visual(small)
    same = {}
    for number in numbers:
        labels = predict(model, pictures, number, 'whole')
        keep(model, number, 'whole')
        asked = model.judge_presence(pictures, None).asked[0].nonzero()[:, 0].tolist()
        alone = replace(workload, classes=number).build()
        names = [model.text_encoder.names[k] for k in asked]
        alone.text_encoder.set_vocabulary(names)
        alone.load_state_dict(model.state_dict())
        table = torch.tensor([0] + [k + 1 for k in asked], device=labels.device)
        by_itself = table[predict(alone, pictures, None, 'whole')]
        same[number] = (labels == by_itself).float().mean().item()
        functions[f'alone {number}'] = partial(predict, alone, pictures, None, 'whole')
        for views in ('whole', 'corners'):
            functions[f'{views} {number}'] = partial(
                predict, model, pictures, number, views
            )
    timing = time_in_turns(functions, repeat, workload.device)
    seconds = timing.seconds
    return [
        dict(
            config=workload.config,
            classes=workload.classes,
            asked=number,
            views=views,
            size=workload.shape[2],
            seconds=seconds[f'{views} {number}'],
            all_seconds=seconds['all'],
            floor_seconds=seconds[f'alone {number}']
            + seconds['pass'] * (1 if views == 'whole' else 5),
            same_labels=same[number],
            cpu_share=timing.cpu_share,
            note=timing.note(),
            machine=describe_machine(workload.device),
        )
        for number in numbers
        for views in ('whole', 'corners')
    ]


def format_presence(rows: list[dict]) -> str:
    """Return the rows as a Markdown table."""
    heads = [
        'K',
        'asked',
        'views',
        'seconds',
        'of all',
        'over the floor',
        'same labels',
    ]
    return markdown_table(
        heads,
        [
            [
                row['classes'],
                row['asked'],
                row['views'],
                f'{row["seconds"]:.2f}',
                f'{row["seconds"] / row["all_seconds"]:.2f}',
                f'{row["seconds"] / row["floor_seconds"]:.2f}',
                f'{row["same_labels"]:.2%}',
            ]
            for row in rows
        ],
    )
