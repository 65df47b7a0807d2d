"""Many files on several processes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import track


def parallel_map(
    function: Callable, items: Sequence, what: str, workers: int
) -> Iterator:
    """Apply a function on several processes, in order, with a progress bar.

    Args:
        function (Callable): One that other processes can import, of an item.
        items (Sequence): What it is applied to.
        what (str): What they are, on the bar, which is drawn on stderr.
        workers (int): Processes; of one, it is this one.

    Yields:
        What the function returns for each item. Where it raises an error, what
        has not begun does not begin any more.
    """
    bar = partial(
        track, description=what, total=len(items), console=Console(stderr=True)
    )
    if workers == 1:
        yield from bar(map(function, items))
        return
    with ProcessPoolExecutor(workers) as pool:
        try:
            yield from bar(pool.map(function, items, chunksize=16))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def write_missing_masks(
    write: Callable, items: Sequence, target_of: Callable[..., Path], workers: int
) -> None:
    """Write the masks that are not there yet and print how many there are.

    Args:
        write (Callable): Of an item, one that other processes can import.
        items (Sequence): Whatever a mask is made of.
        target_of (Callable): The file of an item's mask.
        workers (int): Processes.
    """
    # A process gets the items of its masks and no others.
    todo = [item for item in items if not target_of(item).is_file()]
    for _ in parallel_map(write, todo, 'masks', workers):
        pass
    print(
        f'masks {len(items)}: {len(todo)} written, '
        f'{len(items) - len(todo)} already there'
    )
