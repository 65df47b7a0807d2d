"""Words of messages about many things."""

from collections.abc import Iterable


def first_few(items: Iterable, number: int = 5) -> str:
    """Return the first few of many items, for a message."""
    items = [str(item) for item in items]
    return ', '.join(items[:number]) + (', ...' if len(items) > number else '')
