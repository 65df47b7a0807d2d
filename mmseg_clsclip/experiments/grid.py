"""The grid of rows, folds and seeds: what is missing, and how it is run."""

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import product
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ..utils.machine import describe_arithmetic
from ..utils.partial_files import held_folder
from .layout import fold_option
from .own_rows import is_training_free
from .results_file import FIGURES, append_lines, judged_tests, round_figures
from .rows import ABLATIONS, FOUR_NAMES, config_of, fingerprint, tests_of
from .tool_runs import TestRun, run_test, run_tool
from .whole_vocabulary import ask_whole_vocabulary


class Job(NamedTuple):
    """A training and its tests."""

    row: str
    fold: int
    seed: int

    def __str__(self) -> str:
        return f'{self.row}, fold {self.fold}, seed {self.seed}'


def plan(
    lines: list[dict],
    rows: Iterable[str],
    folds: Sequence[int],
    ablation_folds: Sequence[int],
    seeds: Sequence[int],
    own: Mapping[str, Path] = {},
) -> list[Job]:
    """List the jobs of which a line is missing.

    Seeds come first, so that every row has one before any has two. ``own`` are
    configs of rows that are none of the page's, by their names.
    """
    done = {Job(line['row'], line['fold'], line['seed']) for line in lines}
    done_of_any_seed = {(job.row, job.fold) for job in done}
    jobs = []
    for seed, row, fold in dict.fromkeys(product(seeds, rows, folds)):
        if row in (*ABLATIONS, *FOUR_NAMES) and fold not in ablation_folds:
            continue
        names = [name for test in tests_of(row, own) for name in judged_tests(test)]
        if is_training_free(row, own):  # a seed changes nothing
            missing = seed == seeds[0] and any(
                (name, fold) not in done_of_any_seed for name in names
            )
        else:
            missing = any(Job(name, fold, seed) not in done for name in names)
        if missing:
            jobs.append(Job(row, fold, seed))
    return jobs


def run_job(
    job: Job, iterations: int, out: Path, own: Mapping[str, Path] = {}
) -> list[dict]:
    """Train and test once; a line of figures for every test.

    Raises:
        RuntimeError: If a tool fails, with the end of what it printed.
        ValueError: If a result belongs in no table.
    """
    config, began = config_of(job.row, own), time.time()
    checkpoint, train_seconds = 'none', 0.0
    # By the row: two configs may have a name.
    work_dir = out / f'{quote(job.row, safe="")}_fold{job.fold}_seed{job.seed}'
    if is_training_free(job.row, own):
        iterations = 0
    else:
        run_tool(
            'train.py',
            config,
            '--work-dir',
            work_dir,
            options=[
                f'randomness.seed={job.seed}',
                f'train_cfg.max_iters={iterations}',
                f'train_dataloader.dataset.dataset.fold={job.fold}',
            ],
        )
        checkpoint = (work_dir / 'last_checkpoint').read_text()
        train_seconds = time.time() - began
    lines = []
    tests = tests_of(job.row, own)
    for name, path in tests.items():
        metrics = run_test(
            TestRun(str(path), checkpoint, [fold_option(job.fold)]),
            work_dir / path.stem,
        )
        figures = round_figures(metrics, FIGURES)
        lines.append(dict(row=name, config=fingerprint(config, path), **figures))
    lines += ask_whole_vocabulary(tests, config, job.fold, checkpoint, work_dir)
    shutil.rmtree(work_dir)  # its figures stay
    run = dict(fold=job.fold, seed=job.seed, iterations=iterations)
    run |= dict(train_seconds=round(train_seconds), machine=describe_arithmetic())
    return [dict(row=line.pop('row'), **run, **line) for line in lines]


def execute(
    jobs: Sequence[Job],
    iterations: int,
    work_dir: Path,
    results: Path,
    workers: int,
    own: Mapping[str, Path] = {},
) -> list[str]:
    """Run jobs, some at once, and append the figures of each as it ends.

    Returns:
        list[str]: The jobs that failed, and why.

    Raises:
        ValueError: If another process makes runs in that folder, perhaps these.
    """
    failures: list[str] = []
    if not jobs:
        return failures
    work_dir.mkdir(parents=True, exist_ok=True)
    with (
        held_folder(work_dir),
        ThreadPoolExecutor(workers) as pool,
        Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            TextColumn('{task.completed}/{task.total} runs'),
            TimeElapsedColumn(),
        ) as progress,
    ):
        task = progress.add_task('training', total=len(jobs))
        futures = {
            pool.submit(run_job, job, iterations, work_dir, own): job for job in jobs
        }
        try:
            for future in as_completed(futures):
                progress.advance(task)
                try:
                    lines = future.result()
                except Exception as error:  # one run, not all of them
                    failures.append(f'{futures[future]}: {error}')
                    continue
                append_lines(results, lines)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return failures
