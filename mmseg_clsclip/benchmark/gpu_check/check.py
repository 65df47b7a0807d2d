"""The check: each part guarded, and all that is known written as it comes."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from ...utils.files import atomic_write
from ...utils.json_files import write_json
from ..worker import Worker
from .page import format_head, format_page, format_part
from .part import Part
from .parts import PARTS
from .plan import Plan


def run_check(
    plan: Plan, folder: Path, minutes: float, parts: Sequence[Part] = PARTS
) -> list[str]:
    """Measure all parts, print each, and write ``page.md`` and ``rows.json``.

    Parts share a process until one fails or is out of time; the others go on in
    a new one. What a part leaves of its time is shared by those after it.

    Args:
        plan (Plan): What is measured.
        folder (Path): Where the files are written, and what the parts print goes
            to ``log.txt``.
        minutes (float): For all parts.
        parts (Sequence[Part]): In this order.

    Returns:
        list[str]: Names of the parts that failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / 'log.txt'
    log.unlink(missing_ok=True)
    outcomes: dict[str, dict] = {}

    def write() -> None:
        write_json(folder / 'rows.json', dict(plan=asdict(plan), parts=outcomes))
        with atomic_write(folder / 'page.md') as file:
            file.write(format_page(plan, parts, outcomes).encode())

    print(format_head(plan), flush=True)
    end = monotonic() + 60 * minutes
    with closing(Worker(log)) as worker:
        for number, part in enumerate(parts):
            start = monotonic()
            share = part.weight / sum(later.weight for later in parts[number:])
            outcome = outcomes[part.name] = dict(rows=[], error=None, seconds=0.0)
            try:
                for row in worker.iter_rows(
                    part.measure, plan, seconds=share * max(0, end - start)
                ):
                    outcome['rows'].append(row)
                    outcome['seconds'] = monotonic() - start
                    write()
            except TimeoutError as error:
                outcome['error'] = f'{error}, its share of --minutes: write more'
            except RuntimeError as error:
                outcome['error'] = str(error)
            outcome['seconds'] = monotonic() - start
            write()
            print('\n' + format_part(part, outcome), flush=True)
    return [name for name, outcome in outcomes.items() if outcome['error']]
