"""Evaluate the shipped ClsCLIP and ClsCLIP+ on Shapes-5i: `make demo`.

Runs mmseg's test tool, prints two tables, writes them as JSON and draws two
pictures. Everything is in per cent and over all four folds; seen and unseen
mIoU and FB-IoU are per episode, `small` is of objects below 32 x 32 pixels,
`whole` is the mIoU of 20 classes and background, asked for all at once.
"""

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean

from train_heads import FOLDS, ROOT, STEM

from mmseg_clsclip.evaluation.results import FIGURES, NOTHING, read_result
from mmseg_clsclip.models.clip.loading import ASSETS
from mmseg_clsclip.utils.files import atomic_write

COLUMNS = {
    key: FIGURES[key].split(', ')[-1]
    for key in ('miou_seen', 'miou_unseen', 'miou_unseen_small', 'fb_iou')
} | dict(miou_whole='mIoU whole')
CONFIG = str(ROOT / f'configs/shapes/{STEM}.py')
CHECKPOINT = str(ASSETS / f'{STEM}.pth')
# The sources of ClsCLIP+'s boxes: a config of each, for fold 0.
PLUS = 'configs/clsclip_plus/clsclip-plus_shapes-5i_fold0{}.py'
SOURCES = dict(
    windows='_windows', self='', detector='_detector', ground_truth='_ground-truth'
)
PLUS_COLUMNS = {k: COLUMNS[k] for k in ('miou_unseen', 'miou_unseen_small')}


def run_tool(name: str, *args: str | Path, options: list[str], threads: int) -> None:
    """Run ``tools/NAME`` in a process of its own.

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


def run_test(
    config: str, checkpoint: str, work_dir: Path, threads: int, options: list[str]
) -> dict:
    """Run ``tools/test.py``; its figures and its ``protocol``.

    Raises:
        RuntimeError: If the tool fails; with the end of what it printed.
        ValueError: If it wrote what is no result, or of random weights.
    """
    run_tool(
        'test.py',
        config,
        checkpoint,
        '--work-dir',
        work_dir,
        options=options,
        threads=threads,
    )
    newest = max(work_dir.glob('*/*.json'), key=lambda p: p.stat().st_mtime)
    result = read_result(newest, fresh=True)
    if result['random']:
        raise ValueError(f'{newest}: {NOTHING}. It belongs in no table.')
    return dict(result['figures'], protocol=result['protocol'])


def run_all(jobs: dict, out: Path) -> dict:
    """Metrics of many test runs, some at once.

    Args:
        jobs (dict): Config, checkpoint and options, by a key of texts.
        out (Path): Where the logs go.
    """
    from rich.progress import track

    workers = min(4, os.cpu_count() or 1)
    threads = max(1, (os.cpu_count() or 1) // workers)
    with ThreadPoolExecutor(workers) as pool:
        futures = {
            key: pool.submit(
                run_test,
                config,
                checkpoint,
                out / 'logs' / '_'.join(key),
                threads,
                options,
            )
            for key, (config, checkpoint, options) in jobs.items()
        }
        return {
            key: future.result() for key, future in track(futures.items(), 'testing')
        }


def evaluate(out: Path) -> tuple[dict, dict]:
    """All figures of what is shipped, rounded.

    Args:
        out (Path): Where the logs go.

    Returns:
        tuple[dict, dict]: Rows of ClsCLIP, a fold each and their mean; rows
        of ClsCLIP+, a source each.
    """
    whole = str(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')
    jobs = {}
    for fold in map(str, FOLDS):
        weights = CHECKPOINT.format(fold=fold)
        jobs['episodes', fold] = CONFIG.format(fold=fold), weights, []
        jobs['whole', fold] = whole, weights, []
        for source, suffix in SOURCES.items():
            jobs[source, fold] = (
                str(ROOT / PLUS.format(suffix)),
                weights,
                [f'test_dataloader.dataset.dataset.fold={fold}'],
            )
    metrics = run_all(jobs, out)

    def rounded(key: str, task: str, fold: int) -> float:
        if key == 'miou_whole':
            task, key = 'whole', 'mIoU'
        return round(metrics[task, str(fold)][key], 2)

    rows = {
        f'fold{fold}': {c: rounded(c, 'episodes', fold) for c in COLUMNS}
        for fold in FOLDS
    }
    rows['mean'] = {
        c: round(mean(rows[f'fold{fold}'][c] for fold in FOLDS), 2) for c in COLUMNS
    }
    plus_rows = {}
    for source in SOURCES:
        folds = {
            f'fold{fold}': {c: rounded(c, source, fold) for c in PLUS_COLUMNS}
            for fold in FOLDS
        }
        plus_rows[source] = {
            c: round(mean(row[c] for row in folds.values()), 2) for c in PLUS_COLUMNS
        }
        plus_rows[source].update(
            proposals=metrics[source, '0']['protocol']['proposals'], **folds
        )
    return rows, plus_rows


def print_tables(rows: dict, plus_rows: dict) -> None:
    """ClsCLIP, one line a fold; then beside it ClsCLIP+, one a source."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title='ClsCLIP on Shapes-5i, per cent')
    for column in ('', *COLUMNS.values()):
        table.add_column(column, justify='right')
    for name, row in rows.items():
        table.add_row(name, *(f'{row[key]:.1f}' for key in COLUMNS))
    Console().print(table)
    table = Table(title='ClsCLIP+ on Shapes-5i, mean of four folds')
    for column in ('proposals', *PLUS_COLUMNS.values()):
        table.add_column(column, justify='right')
    everything = {'none: ClsCLIP': rows['mean']}
    everything.update((row['proposals'], row) for row in plus_rows.values())
    for name, row in everything.items():
        table.add_row(name, *(f'{row[key]:.1f}' for key in PLUS_COLUMNS))
    Console().print(table)


def find_unseen(dataset, areas: range) -> dict:
    """The first sample of an unseen class with so many pixels."""
    unseen = dataset.metainfo['novel_classes']
    classes = dataset.metainfo['classes']
    for i, (_, label) in enumerate(dataset.samples):
        if classes[label] in unseen:
            data = dataset[i]
            if int(data['data_samples'].gt_sem_seg.data.sum()) in areas:
                return data
    raise ValueError(f'No unseen class has {areas} pixels.')


def predict(config: str, fold: int, areas: range):
    """Picture (128, 128, 3) RGB, truth (128, 128) and result of a sample."""
    import mmcv
    from mmengine.config import Config
    from mmengine.dataset import pseudo_collate
    from mmseg.apis import init_model
    from mmseg.registry import DATASETS

    cfg = Config.fromfile(config)
    cfg.test_dataloader.dataset.dataset.fold = fold
    model = init_model(cfg, CHECKPOINT.format(fold=fold), device='cpu')
    model.keep_masks = True  # of ClsCLIP+, for its drawing
    data = find_unseen(DATASETS.build(cfg.test_dataloader.dataset), areas)
    truth = data['data_samples'].gt_sem_seg.data[0].numpy()
    result = model.test_step(pseudo_collate([data]))[0]
    return mmcv.imread(result.img_path, channel_order='rgb'), truth, result


def draw(path: Path) -> None:
    """Picture, truth and prediction of one unseen class of every fold.

    Shown is the first unseen episode whose object has 400 pixels.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 8.6))
    axes = figure.subplots(len(FOLDS), 3)
    for row, fold in zip(axes, FOLDS):
        picture, truth, result = predict(
            CONFIG.format(fold=fold), fold, range(400, 128**2)
        )
        panels = picture, truth, result.pred_sem_seg.data[0].numpy()
        titles = f'fold {fold}: "{result.class_name}"?', 'truth', 'ClsCLIP'
        for axis, panel, title in zip(row, panels, titles):
            axis.imshow(panel, cmap='gray', vmin=0, vmax=None if panel.ndim == 3 else 1)
            axis.set_title(title, fontsize=9)
            axis.axis('off')
    figure.suptitle('Classes whose masks were never seen', fontsize=10)
    figure.tight_layout()
    with atomic_write(path) as file:
        figure.savefig(file, format='png', dpi=110)


def draw_plus(path: Path) -> None:
    """ClsCLIP+ with boxes of its own, one small object of every fold.

    Shown is the first unseen episode whose object has 100 to 400 pixels.
    """
    import numpy as np
    from PIL import Image

    from mmseg_clsclip import draw_zoom_in

    rows = []
    for fold in FOLDS:
        picture, _, result = predict(str(ROOT / PLUS.format('')), fold, range(100, 400))
        rows.append(
            draw_zoom_in(picture, result, [[0, 0, 0], [255, 0, 255]], max_regions=2)
        )
    width = max(row.shape[1] for row in rows)
    rows = [
        np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255)
        for row in rows
    ]
    with atomic_write(path) as file:
        Image.fromarray(np.concatenate(rows)).save(file, format='png')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default='work_dirs/demo')
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    rows, plus_rows = evaluate(out)
    print_tables(rows, plus_rows)
    results = out / 'results.json'
    text = json.dumps(dict(clsclip=rows, clsclip_plus=plus_rows), indent=2)
    with atomic_write(results) as file:
        file.write(f'{text}\n'.encode())
    pictures = out / 'clsclip.png', out / 'clsclip_plus.png'
    draw(pictures[0])
    draw_plus(pictures[1])
    print('Wrote', *(f'{path}' for path in (results, *pictures)), sep='\n')


if __name__ == '__main__':
    main()
