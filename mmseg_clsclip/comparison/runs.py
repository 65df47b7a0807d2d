"""Runs of a model: a process that measures it and one that tests it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mmseg.registry import METRICS

from ..evaluation.results import check_result, is_figure, read_result
from ..utils.config_files import configs_folder
from ..utils.json_files import read_json, write_json
from ..utils.log import warn
from ..utils.registered_class import parameters_of, registered_class
from . import classes
from .compared_models import BUDGET, RANDOM_WEIGHTS, ComparedModel

LOG = 'measure.log'  # the first file of a run
# What mmengine logs of a test, 'Iter(test) [ 50/300]', and measure.py prints.
PROGRESS = re.compile(r'Iter\(test\) \[ *(\d+/\d+)\]|^Measured: (.+)$', re.MULTILINE)
SECONDS_BETWEEN_LOOKS = 1.0
# Entries that measure.py always writes.
MEASURED = ('parameters', 'trained_parameters', 'seconds', 'memory', 'libraries_memory')


def last_error(log: str, status: int) -> str:
    """Return the error of a process in a line.

    Args:
        log (str): What the process printed.
        status (int): Its exit status.
    """
    _, mark, trace = log.rpartition('Traceback (most recent call last):\n')
    lines = [line for line in (trace if mark else log).splitlines() if line.strip()]
    if mark:  # the frames are indented, the error is not
        lines = [line for line in lines if not line.startswith(' ')][:1]
    if status < 0:
        return f'ended by signal {-status} (9: was there enough memory?)'
    return lines[-1].strip() if lines else f'exit status {status}'


def last_progress(log: str) -> str | None:
    """Return how far a process has come by what it has printed: 'batch 50/300'."""
    found = PROGRESS.findall(log)
    if not found:
        return None
    batch, measured = found[-1]
    return f'batch {batch}' if batch else measured


def _run(command: list, log: Path, report_progress: Callable[[str], None]) -> None:
    """Run a tool in a process of its own.

    Args:
        command (list): For Python.
        log (Path): Where goes what it prints.
        report_progress (Callable): Is called with what :func:`last_progress`
            returns, when it is another.

    Raises:
        RuntimeError: If it fails, with its error.
    """
    with open(log, 'w', encoding='utf-8') as file:
        process = subprocess.Popen(
            [sys.executable, *map(str, command)], stdout=file, stderr=subprocess.STDOUT
        )
        with process:
            try:
                _wait(process, log, report_progress)
            except BaseException:
                process.kill()
                raise
    if process.returncode:
        text = log.read_text(encoding='utf-8', errors='replace')
        raise RuntimeError(f'{last_error(text, process.returncode)} ({log})')


def _wait(
    process: subprocess.Popen, log: Path, report_progress: Callable[[str], None]
) -> None:
    """Wait for a process, and read in its log how far it has come."""
    last = None
    while True:
        try:
            process.wait(timeout=SECONDS_BETWEEN_LOOKS)
            return
        except subprocess.TimeoutExpired:
            progress = last_progress(log.read_text(encoding='utf-8', errors='replace'))
        if progress and progress != last:
            report_progress(progress)
            last = progress


def _keep_predictions(model: ComparedModel, folder: Path) -> list[str]:
    """Return arguments of tools/test.py by which it writes predictions, if it can."""
    for index, metric in enumerate(classes.metric_configs(model.cfg)):
        kind = registered_class(METRICS, metric, 'test_evaluator')
        if 'output_dir' not in parameters_of(kind):
            continue
        if isinstance(model.cfg.test_evaluator, dict):
            return ['--out', str(folder)]
        # --out is for a single metric. mmengine's --cfg-options takes blanks
        # out and reads commas as those of a list.
        if re.search('[ ,]', str(folder)):
            raise ValueError(
                f'{folder} has a blank or a comma, by which a config with '
                'several metrics cannot be told where predictions go. Take '
                'another --out.'
            )
        return ['--cfg-options', f'test_evaluator.{index}.output_dir={folder}']
    return []


def _options(arguments: list[str], options: list[str]) -> list[str]:
    """Return arguments with more ``--cfg-options``; argparse takes the last ones."""
    if options and '--cfg-options' not in arguments:
        arguments = [*arguments, '--cfg-options']
    return [*arguments, *options]


def check_folder(model: ComparedModel, out: Path) -> None:
    """Check that what is replaced is of an earlier run.

    Raises:
        ValueError: If other files are there.
    """
    folder = out / model.folder
    if (
        folder.exists()
        and not (folder / LOG).is_file()
        and (not folder.is_dir() or any(folder.iterdir()))
    ):
        raise ValueError(
            f'{folder} is not of an earlier comparison and '
            'would be replaced. Take another --out, or another '
            'name.'
        )


def finished(model: ComparedModel, out: Path, budget: float = BUDGET) -> dict | None:
    """Return the outcome of an earlier run of the very same, if there is one.

    One that was cut short by a smaller budget is none. An invalid file is named
    in the log, and the run is made again.
    """
    path = out / model.folder / 'outcome.json'
    if not path.exists():
        return None
    try:
        content = read_json(path)
        if content['key'] != model.key:
            return None
        if content['cut'] and content['budget'] < budget:
            return None
        check_result(content, path)
        for key in MEASURED:
            if not is_figure(content[key]):
                raise ValueError(f'{path}: {key} is {content[key]!r}.')
    except (KeyError, OSError, RecursionError, TypeError, ValueError) as error:
        warn(f'{path} is no outcome of a run, which is made again: {error!r}')
        return None
    # It may have been made from another working directory.
    predictions = out / model.folder / 'predictions'
    content['predictions'] = str(predictions) if predictions.is_dir() else None
    return content


def run(
    model: ComparedModel,
    out: Path,
    report_step: Callable[..., None],
    budget: float = BUDGET,
) -> dict:
    """Measure a model, and test it unless its weights are random.

    Args:
        model (ComparedModel): With a config.
        out (Path): Its own folder is made in it.
        report_step (Callable): Is called with the name of each step, and then
            with how far it has come, too.
        budget (float): Seconds for what is measured, see measure.py.

    Returns:
        dict: ``key``, the entries of :func:`read_result` and measure.py,
        ``command`` and ``predictions``, a folder or None.

    Raises:
        RuntimeError: If it fails, with the error and the log's path.
    """
    folder = out / model.folder
    check_folder(model, out)
    folder.mkdir(parents=True, exist_ok=True)
    # The log last: by it a folder is known, should this be stopped.
    for path in sorted(folder.iterdir(), key=lambda path: path.name == LOG):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    report_step('measuring')
    checkpoint = RANDOM_WEIGHTS if model.random else model.checkpoint or 'none'
    _run(
        [
            '-m',
            f'{__package__}.measure',
            model.config,
            checkpoint,
            folder / 'measured.json',
            '--budget',
            budget,
            *_options([], model.options),
        ],
        folder / LOG,
        partial(report_step, 'measuring'),
    )
    outcome = dict(read_json(folder / 'measured.json'), key=model.key)
    if model.random:
        outcome.update(figures={}, per_class={}, protocol={}, predictions=None)
    else:
        outcome.update(_test(model, folder, checkpoint, outcome, report_step))
    write_json(folder / 'outcome.json', outcome)
    return outcome


def _test(
    model: ComparedModel,
    folder: Path,
    checkpoint: str,
    measured: dict,
    report_step: Callable[..., None],
) -> dict:
    """Test a model by tools/test.py, and return the rest of its outcome."""
    step = 'testing'
    # As many names as were asked of the samples that were timed.
    if model.dataset and measured.get('names') == measured.get('vocabulary'):
        seconds = measured['seconds'] * len(model.dataset)
        if seconds >= 60:
            step = f'testing {len(model.dataset)} samples, about {seconds / 60:.0f} min'
    report_step(step)
    predictions = folder / 'predictions'
    tool = configs_folder().parent / 'tools/test.py'
    command = [
        tool,
        model.config,
        checkpoint,
        '--work-dir',
        folder / 'test',
        *_options(_keep_predictions(model, predictions), model.options),
    ]
    _run(command, folder / 'test.log', partial(report_step, step))
    written = list((folder / 'test').glob('*/*.json'))
    if len(written) != 1:
        raise RuntimeError(
            f'tools/test.py wrote no result to {folder}/test: '
            f'does the metric give none? ({folder}/test.log)'
        )
    result = read_result(written[0], fresh=True)
    return dict(
        result,
        result=str(written[0]),
        random=measured['random'] or result['random'],
        command=shlex.join(
            ['python', os.path.relpath(command[0]), *map(str, command[1:])]
        ),
        predictions=str(predictions) if predictions.is_dir() else None,
    )
