"""Part: a part of the check, and what its table shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .plan import Plan

Cell = Callable[[dict], Any]


@dataclass(frozen=True)
class Part:
    """A part of the check, which may fail alone.

    Attributes:
        name (str): Its key in the JSON file.
        title (str): Its heading on the page.
        note (str): What its table says, as Markdown.
        measure (Callable): Gives its rows.
        columns (dict[str, Callable]): Heads, and what a row has there.
        weight (int): Of its share of the time.
    """

    name: str
    title: str
    note: str
    measure: Callable[[Plan], Iterator[dict]]
    columns: dict[str, Cell]
    weight: int


def value(key: str, form: str = '') -> Cell:
    """Return a cell of a row's value."""
    return lambda row: format(row[key], form)


def milliseconds(key: str) -> Cell:
    """Return a cell of a row's seconds."""
    return lambda row: f'{1e3 * row[key]:.4g}'


def gibibytes(key: str) -> Cell:
    """Return a cell of a row's bytes."""
    return lambda row: f'{row[key] / 2**30:.2f}'


def ratio(above: str, below: str, form: str = '.2f') -> Cell:
    """Return a cell of two values of a row."""
    return lambda row: format(row[above] / row[below], form)
