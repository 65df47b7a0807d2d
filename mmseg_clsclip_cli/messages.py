"""Words of messages about many things."""

from collections.abc import Iterable


def first_few(items: Iterable, number: int = 5, rest: str = ', ...') -> str:
    """Return the first few of many items, for a message.

    Args:
        items (Iterable): Whatever can be written.
        number (int): How many, at most.
        rest (str): What stands for the others; ``{}`` is their number.
    """
    items = [str(item) for item in items]
    others = len(items) - number
    return ', '.join(items[:number]) + (rest.format(others) if others > 0 else '')
