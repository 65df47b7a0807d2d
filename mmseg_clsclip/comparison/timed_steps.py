"""Test steps of a model, timed as long as there is time for them."""

import copy
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

import torch
from mmengine.dataset import pseudo_collate
from torch import nn

from ..models.segmentors.text_prompted import asks_by_name
from ..models.text_encoders import OpenCLIPTextEncoder

ROUNDS = 3  # of which the first warms up


class Step(NamedTuple):
    """A test step of one picture: its seconds, and those of all cores for it."""

    seconds: float
    cpu_seconds: float


def report(line: str) -> None:
    """Print how far a measurement has come; runs.py reads it in the log."""
    print(f'Measured: {line}', flush=True)


@torch.no_grad()
def take_step(model: nn.Module, data: dict) -> Step:
    """Time a test step of one picture that is read already."""
    batch = pseudo_collate([copy.deepcopy(data)])
    device = next(model.parameters()).device
    start, cpu = time.perf_counter(), time.process_time()
    model.test_step(batch)
    torch.ones(1, device=device).item()  # waits for the device
    return Step(time.perf_counter() - start, time.process_time() - cpu)


def ask_what_fits(
    segmentor: nn.Module, step: Callable[[], Step], end: float
) -> tuple[Step, dict]:
    """Ask for as many names of a vocabulary as there is time for.

    A step is taken with one name, then with twice as many, as long as one twice
    as long as the last would end in time. A model that is not asked by names, or
    can read none anew, takes one step with all that it has.

    Args:
        segmentor (nn.Module): Its vocabulary is cut where the time is up.
        step (Callable): Takes a step, in which names may be read.
        end (float): When there is no more time, by ``time.perf_counter``.

    Returns:
        tuple[Step, dict]: The last step, and ``names``, for how many it asked, and
        ``vocabulary``, how many there are; {} if it is not asked by names.
    """
    if not asks_by_name(segmentor):
        return step(), {}
    encoder = segmentor.text_encoder
    classes = [list(synonyms) for synonyms in encoder.synonyms.values()]
    total = len(classes)
    tower_goes = isinstance(encoder, OpenCLIPTextEncoder) and encoder.tower_goes
    names = total if tower_goes or total == 1 else 1
    while True:
        if total > 1 and not tower_goes:
            encoder.set_vocabulary(classes[:names])
        last = step()
        report(f'{names} of {total} names')
        if names == total or time.perf_counter() + 2 * last.seconds > end:
            return last, dict(names=names, vocabulary=total)
        names = min(2 * names, total)


def time_steps(
    step: Callable[[dict], Step], samples: Sequence[dict], first: Step, end: float
) -> dict:
    """Time steps of samples, in rounds of which the first warms up.

    Args:
        step (Callable): Takes a step of a sample.
        samples (Sequence[dict]): Of the test set.
        first (Step): One that was taken already. It is what is timed if there
            is no time for another.
        end (float): When no more is begun, by ``time.perf_counter``.

    Returns:
        dict: ``seconds``, the median; ``timed``, of how many steps; ``planned``,
        of how many there should be; ``warmed_up``, whether others came before;
        ``cores``, how many the process had meanwhile.
    """
    order = [data for _ in range(ROUNDS) for data in samples]
    steps = []
    for data in order:
        if time.perf_counter() >= end:
            break
        steps.append(step(data))
        report(f'step {len(steps)} of {len(order)}')
    # In the first round names are encoded, which a model may keep.
    timed = steps[len(samples) :] or steps or [first]
    return dict(
        seconds=median(one.seconds for one in timed),
        timed=len(timed),
        planned=len(order) - len(samples),
        warmed_up=bool(steps),
        cores=sum(s.cpu_seconds for s in timed) / sum(s.seconds for s in timed),
    )
