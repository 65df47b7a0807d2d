"""Collects the rows: read, taken from an earlier call, or run now."""

import time
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ..evaluation.results import read_result
from . import classes, runs
from . import comparability as alike
from .compared_models import Entrant


def collect(entrants: list[Entrant], out: Path, console: Console) -> list[dict]:
    """Run what is missing, one after the other, and tell how it goes.

    Returns:
        list[dict]: A row each, see :func:`comparison.runs.run`; with
        ``name``, ``notes`` and, if it failed, ``error``.
    """
    rows = []
    for number, entrant in enumerate(entrants, 1):
        start = time.perf_counter()
        label = f'[{number}/{len(entrants)}] {entrant.name}: '
        row = dict(name=entrant.name, notes=entrant.notes)
        try:
            with console.status(Text(label)) as status:
                tell = partial(_tell, status, label)
                how = _fill(row, entrant, out, tell)
            how = how or f'{time.perf_counter() - start:.0f} s'
            if row['protocol']:
                # It says more than the config did.
                entrant.protocol = row['protocol']
                entrant.result = entrant.result or Path(row['result'])
                alike.check_alike(next(e for e in entrants if e.result), entrant)
        except (OSError, RuntimeError, ValueError) as error:
            row['error'] = ' '.join(str(error).split())
            how = f'failed: {row["error"]}'
        # Metrics of others name no protocol; what was measured is known.
        size = dict(input_size=row['input_size']) if row.get('input_size') else {}
        row['protocol'] = {**size, **entrant.protocol}
        console.print(label + how, highlight=False, markup=False)
        rows.append(row)
    return rows


def _tell(status, label: str, doing: str) -> None:
    status.update(Text(label + doing))


def _fill(row: dict, entrant: Entrant, out: Path, tell) -> str:
    """Fill in a row; where it comes from, if it is not run."""
    if entrant.result:
        row.update(read_result(entrant.result))
        return f'read from {entrant.result}'
    found = runs.finished(entrant, out)
    row.update(found or runs.run(entrant, out, tell))
    return 'taken from an earlier run' if found else ''


def unseen_in(entrants: list[Entrant]) -> list[str]:
    """The classes that count as unseen, as far as a config tells."""
    for entrant in entrants:
        if entrant.config:
            unseen, counts = classes.unseen(entrant.cfg, entrant.dataset.metainfo)
            return unseen if counts else []
    return []
