"""Collects the rows: read, taken from an earlier call, or run now."""

import time
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ..evaluation.results import read_result
from . import classes, runs
from .comparability import check_comparable
from .compared_models import ComparedModel


def collect(models: list[ComparedModel], out: Path, console: Console) -> list[dict]:
    """Run what is missing, one after the other, and tell how it goes.

    Returns:
        list[dict]: A row each, see :func:`comparison.runs.run`; with
        ``name``, ``notes`` and, if it failed, ``error``.
    """
    rows = []
    for number, model in enumerate(models, 1):
        start = time.perf_counter()
        label = f'[{number}/{len(models)}] {model.name}: '
        row = dict(name=model.name, notes=model.notes)
        try:
            with console.status(Text(label)) as status:
                tell = partial(_tell, status, label)
                how = _fill(row, model, out, tell)
            how = how or f'{time.perf_counter() - start:.0f} s'
            if row['protocol']:
                # It says more than the config did.
                model.protocol = row['protocol']
                model.result = model.result or Path(row['result'])
                check_comparable(next(e for e in models if e.result), model)
        except (OSError, RuntimeError, ValueError) as error:
            row['error'] = ' '.join(str(error).split())
            how = f'failed: {row["error"]}'
        # Metrics of others name no protocol; what was measured is known.
        size = dict(input_size=row['input_size']) if row.get('input_size') else {}
        row['protocol'] = {**size, **model.protocol}
        console.print(label + how, highlight=False, markup=False)
        rows.append(row)
    return rows


def _tell(status, label: str, doing: str) -> None:
    status.update(Text(label + doing))


def _fill(row: dict, model: ComparedModel, out: Path, tell) -> str:
    """Fill in a row; where it comes from, if it is not run."""
    if model.result:
        row.update(read_result(model.result))
        return f'read from {model.result}'
    found = runs.finished(model, out)
    row.update(found or runs.run(model, out, tell))
    return 'taken from an earlier run' if found else ''


def unseen_in(models: list[ComparedModel]) -> list[str]:
    """The classes that count as unseen, as far as a config tells."""
    for model in models:
        if model.config:
            unseen, counts = classes.unseen_classes(model.cfg, model.dataset.metainfo)
            return unseen if counts else []
    return []
