"""Times of functions that take turns, and a process for each measurement."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from typing import NamedTuple

import torch

DTYPES = {name: getattr(torch, name) for name in ('float32', 'bfloat16', 'float16')}
# Of the threads' time, below which a machine is busy with something else.
BUSY = 0.8


class Timing(NamedTuple):
    """Times of functions that took turns.

    Attributes:
        seconds (dict): Medians by name. Of a CPU that was busy with something
            else they are processor time, divided by the number of threads.
        cpu_share (float, optional): Which part of its threads' time the process
            got; None on another device.
    """

    seconds: dict[str, float]
    cpu_share: float | None

    @property
    def by_processor(self) -> bool:
        """Whether the seconds are processor time."""
        return self.cpu_share is not None and self.cpu_share < BUSY

    def note(self) -> str:
        """Return what a reader must know of the seconds, in words."""
        if self.cpu_share is None:
            return 'by the clock'
        got = f'the process got {self.cpu_share:.0%} of its threads'
        if self.by_processor:
            return f'{got}: seconds are processor time, divided by the threads'
        return f'{got}: seconds are by the clock'


def run_alone(function: Callable, *args) -> object:
    """Call a function in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
        return pool.submit(function, *args).result()


def time_once(function: Callable[[], object], device: str) -> float:
    """Return the seconds of a call, until the device is done."""
    start = time.perf_counter()
    function()
    torch.ones(1, device=device).item()  # waits for the device
    return time.perf_counter() - start


@torch.no_grad()
def time_in_turns(
    functions: dict[str, Callable[[], object]], repeat: int, device: str
) -> Timing:
    """Time functions that take turns, after a first turn.

    Args:
        functions (dict): By name.
        repeat (int): How often each is timed.
        device (str): Where they run.
    """
    clock: dict[str, list[float]] = {name: [] for name in functions}
    processor: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeat + 1):
        for name, function in functions.items():
            start = time.process_time()
            clock[name].append(time_once(function, device))
            processor[name].append(time.process_time() - start)
    share = None
    if device == 'cpu':
        threads = torch.get_num_threads()
        processor = {
            name: [seconds / threads for seconds in times]
            for name, times in processor.items()
        }
        share = sum(sum(times[1:]) for times in processor.values()) / sum(
            sum(times[1:]) for times in clock.values()
        )
    times = processor if share is not None and share < BUSY else clock
    return Timing({name: median(own[1:]) for name, own in times.items()}, share)
