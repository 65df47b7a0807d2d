"""A row's other question: all names at once, without and with a presence."""

from pathlib import Path

from mmengine.config import Config

from .results_file import WHOLE_FIGURES
from .rows import WHOLE_CONFIG, fingerprint, whole_tests_of
from .tool_runs import TestRun, run_test, run_tool


def write_whole_config(row_config: Path, fold: int, path: Path) -> None:
    """Write the config that asks a row's model for the whole vocabulary.

    A picture is prepared as the row prepares it. A row without a training gets
    the study's, whose pictures a presence is calibrated on.

    Args:
        row_config (Path): Of the row, for fold 0.
        fold (int): Of both data sets.
        path (Path): Where it goes.
    """
    cfg, whole = Config.fromfile(row_config), Config.fromfile(WHOLE_CONFIG)
    pipeline = cfg.test_dataloader.dataset.pipeline
    cfg.test_dataloader.dataset = dict(
        whole.test_dataloader.dataset, fold=fold, pipeline=pipeline
    )
    cfg.test_evaluator = whole.test_evaluator
    if cfg.get('train_dataloader') is None:
        for key in ('train_dataloader', 'train_cfg', 'optim_wrapper'):
            cfg[key] = whole[key]
    cfg.train_dataloader.dataset.dataset.fold = fold
    cfg.dump(path)


def ask_whole_vocabulary(
    row: str, row_config: Path, fold: int, checkpoint: str, work_dir: Path
) -> list[dict]:
    """Ask for all names at once, without and with a presence.

    The presence is calibrated by ``tools/calibrate_presence.py`` on the training
    pictures and base classes of the fold.

    Returns:
        list[dict]: ``row``, ``config`` and figures of each of
        :func:`whole_tests_of`.

    Raises:
        RuntimeError: If a tool fails, with the end of what it printed.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    plain, calibrated = work_dir / 'whole.py', work_dir / 'presence.py'
    write_whole_config(row_config, fold, plain)
    lines = []
    for name, with_presence in whole_tests_of(row).items():
        config = calibrated if with_presence else plain
        if with_presence:
            run_tool('calibrate_presence.py', plain, checkpoint, '--out', calibrated)
        metrics = run_test(TestRun(str(config), checkpoint), work_dir / config.stem)
        figures = {
            key: round(metrics[key], 2) for key in WHOLE_FIGURES if key in metrics
        }
        lines.append(
            dict(row=name, config=fingerprint(row_config, WHOLE_CONFIG), **figures)
        )
    return lines
