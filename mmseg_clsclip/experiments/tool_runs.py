"""Runs of tools/, each in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from rich.progress import track

from ..evaluation.fold_average import find_result
from ..evaluation.results import NOTHING, read_result
from .layout import ROOT


class TestRun(NamedTuple):
    """What ``tools/test.py`` is given.

    Attributes:
        config (str): A config's file.
        checkpoint (str): A checkpoint's file, or ``'none'``.
        options (Sequence[str]): Of ``--cfg-options``.
    """

    __test__ = False  # pytest would take it for a test

    config: str
    checkpoint: str
    options: Sequence[str] = ()


def run_tool(
    name: str, *args: str | Path, options: Sequence[str] = (), threads: int = 1
) -> None:
    """Run ``tools/NAME``.

    Raises:
        RuntimeError: If it fails; with the end of what it printed.
    """
    done = subprocess.run(
        [
            sys.executable,
            *map(str, [ROOT / 'tools' / name, *args]),
            *(['--cfg-options', *options] if options else []),
        ],
        env=dict(os.environ, OMP_NUM_THREADS=str(threads)),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(
            f'tools/{name} {" ".join(map(str, args))} failed:\n'
            + (done.stdout + done.stderr)[-3000:]
        )


def run_test(run: TestRun, work_dir: Path, threads: int = 1) -> dict:
    """Run ``tools/test.py``; its figures and its ``protocol``.

    Raises:
        RuntimeError: If the tool fails; with the end of what it printed.
        ValueError: If it wrote what is no result, or what belongs in no table: of
            random weights, or of classes that count as unseen and were trained on.
    """
    run_tool(
        'test.py',
        run.config,
        run.checkpoint,
        '--work-dir',
        work_dir,
        options=run.options,
        threads=threads,
    )
    newest = find_result(work_dir)
    result = read_result(newest, fresh=True)
    if result['random']:
        raise ValueError(f'{newest}: {NOTHING}. It belongs in no table.')
    if seen := result['protocol'].get('trained_on_unseen'):
        raise ValueError(
            f'{newest}: trained on masks of {seen}, which count as unseen. It belongs '
            'in no table.'
        )
    return dict(result['figures'], protocol=result['protocol'])


def run_tests(runs: dict[tuple[str, ...], TestRun], out: Path) -> dict:
    """Make many test runs, some at once.

    Args:
        runs (dict[tuple[str, ...], TestRun]): By a key of texts.
        out (Path): Where the logs go.

    Returns:
        dict: Figures and protocol, by the same keys.
    """
    workers = min(4, os.cpu_count() or 1)
    threads = max(1, (os.cpu_count() or 1) // workers)
    with ThreadPoolExecutor(workers) as pool:
        futures = {
            key: pool.submit(run_test, run, out / 'logs' / '_'.join(key), threads)
            for key, run in runs.items()
        }
        return {
            key: future.result() for key, future in track(futures.items(), 'testing')
        }
