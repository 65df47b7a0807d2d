"""Collects the rows: read, taken from an earlier call, or run now."""

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ..evaluation.results import read_result
from . import runs
from .comparability import check_comparable
from .compared_models import ComparedModel

SECONDS_BETWEEN_LINES = 60.0  # of progress, where no terminal shows a status


def collect_rows(
    models: list[ComparedModel],
    folder: Path,
    console: Console,
    budget: float = runs.BUDGET,
) -> list[dict]:
    """Run what is missing, one after the other, and print how it goes.

    Args:
        models (list[ComparedModel]): Prepared.
        folder (Path): Of all runs.
        console (Console): A terminal shows each progress, a file one a minute.
        budget (float): Seconds for what is measured of each, about.

    Returns:
        list[dict]: A row each, see :func:`mmseg_clsclip.comparison.runs.run`;
        with ``name``, ``notes`` and, if it failed, ``error``.
    """
    rows = []
    for number, model in enumerate(models, 1):
        start = time.perf_counter()
        label = f'[{number}/{len(models)}] {model.name}: '
        row, printed = dict(name=model.name, notes=model.notes), [start]
        try:
            with console.status(Text(label)) as status:

                def report_step(
                    step: str,
                    progress: str = '',
                    status=status,
                    label=label,
                    printed=printed,
                ) -> None:
                    line = f'{label}{step}{progress and f", {progress}"}'
                    status.update(Text(line))
                    # A file or a pipe shows no status.
                    now = time.perf_counter()
                    late = not progress or now - printed[-1] >= SECONDS_BETWEEN_LINES
                    if late and not console.is_terminal:
                        _print(console, f'{line} ...')
                        printed.append(now)

                source = _fill(row, model, folder, report_step, budget)
            outcome = source or f'{time.perf_counter() - start:.0f} s'
            if row['protocol']:
                # It says more than the config did.
                model.protocol = row['protocol']
                model.result = model.result or Path(row['result'])
                check_comparable(next(m for m in models if m.result), model)
        except (OSError, RuntimeError, ValueError) as error:
            row['error'] = ' '.join(str(error).split())
            outcome = f'failed: {row["error"]}'
        # Metrics of others name no protocol; what was measured is known.
        size = dict(input_size=row['input_size']) if row.get('input_size') else {}
        row['protocol'] = {**size, **model.protocol}
        _print(console, label + outcome)
        rows.append(row)
    return rows


def _print(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False)


def _fill(
    row: dict,
    model: ComparedModel,
    folder: Path,
    report_step: Callable[..., None],
    budget: float,
) -> str:
    """Fill in a row, and return where it comes from, if it is not run."""
    if model.result:
        row.update(read_result(model.result))
        return f'read from {model.result}'
    outcome = runs.finished(model, folder, budget)
    row.update(outcome or runs.run(model, folder, report_step, budget))
    return 'taken from an earlier run' if outcome else ''
