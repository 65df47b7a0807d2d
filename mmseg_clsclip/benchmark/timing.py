"""Times of functions that take turns, and a process for each measurement."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

import torch

DTYPES = {name: getattr(torch, name) for name in ('float32', 'bfloat16', 'float16')}
MATRIX_SIDE = 4096  # of the matrices whose product is the ceiling


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
) -> dict[str, float]:
    """Return median seconds of functions that take turns, after a first turn."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeat + 1):
        for name, function in functions.items():
            times[name].append(time_once(function, device))
    return {name: median(seconds[1:]) for name, seconds in times.items()}


class MatrixProduct:
    """A large matrix product, whose speed is the ceiling of any model's.

    Args:
        dtype (str): A key of ``DTYPES``.
        device (str): Where it is computed.
        side (int, optional): Of the matrices. Defaults to ``MATRIX_SIDE``.
    """

    def __init__(self, dtype: str, device: str, side: int | None = None):
        # A GPU is done with one sooner than it can be asked for.
        self.repeat = 1 if device == 'cpu' else 50
        shape = (side or MATRIX_SIDE,) * 2
        self.matrix = torch.randn(shape, dtype=DTYPES[dtype], device=device)
        self.product = torch.empty_like(self.matrix)

    def __call__(self) -> None:
        """Multiply, as often as ``flops`` counts."""
        for _ in range(self.repeat):
            torch.mm(self.matrix, self.matrix, out=self.product)

    @property
    def flops(self) -> int:
        """Operations of a call; a product and its sum are two."""
        return 2 * len(self.matrix) ** 3 * self.repeat
