"""A row's other question: all names at once, without and with a presence."""

from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config

from .results_file import WHOLE_FIGURES, round_figures
from .rows import WHOLE_CONFIG, whole_fingerprint, whole_tests_of
from .tool_runs import TestRun, run_test, run_tool


def write_whole_config(
    config: Path, fold: int, path: Path, presence: dict | None = None
) -> None:
    """Write the config that asks a row's model for the whole vocabulary.

    A picture is prepared as the row prepares it. A row without a training gets
    the study's, whose pictures a presence is calibrated on.

    Args:
        config (Path): Of one of the row's tests, for fold 0.
        fold (int): Of both data sets.
        path (Path): Where it goes.
        presence (dict, optional): Of the segmentor, which ZoomIn has inside.
    """
    cfg, whole = Config.fromfile(config), Config.fromfile(WHOLE_CONFIG)
    segmentor = cfg.model.get('module', cfg.model)
    segmentor.pop('presence', None)  # the row's own is no part of the question
    if presence:
        segmentor.presence = presence
    (segmentor.get('test_cfg') or {}).pop('keep_classes', None)  # is one, too
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
    tests: Mapping[str, Path],
    row_config: Path,
    fold: int,
    checkpoint: str,
    work_dir: Path,
) -> list[dict]:
    """Ask each test's model for all names at once, without and with a presence.

    The presence is calibrated by ``tools/calibrate_presence.py`` on the training
    pictures and base classes of the fold, once: ZoomIn takes its segmentor's.

    Args:
        tests (Mapping[str, Path]): Configs by name, of :func:`tests_of`.
        row_config (Path): As the row is trained.
        fold (int): Of the run.
        checkpoint (str): The run's.
        work_dir (Path): Where configs and logs go.

    Returns:
        list[dict]: ``row``, ``config`` and figures of each of
        :func:`whole_tests_of`.

    Raises:
        RuntimeError: If a tool fails, with the end of what it printed.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    plain, calibrated = work_dir / 'plain.py', work_dir / 'calibrated.py'
    write_whole_config(row_config, fold, plain)
    run_tool('calibrate_presence.py', plain, checkpoint, '--out', calibrated)
    presence = Config.fromfile(calibrated).model.presence
    lines = []
    for test, config in tests.items():
        for name, with_presence in whole_tests_of(test).items():
            path = work_dir / f'whole_{len(lines)}.py'
            write_whole_config(config, fold, path, presence if with_presence else None)
            metrics = run_test(TestRun(str(path), checkpoint), work_dir / path.stem)
            figures = round_figures(metrics, WHOLE_FIGURES)
            fingerprint = whole_fingerprint(row_config, config)
            lines.append(dict(row=name, config=fingerprint, **figures))
    return lines
