"""Evaluate ClsCLIP on Shapes-5i with mmseg's test tool, all four folds.

Prints one table, writes it as JSON and draws one picture. Everything is in
per cent; seen and unseen mIoU and FB-IoU are per episode, `whole` is the mIoU
of 20 classes and background, asked for all at once.
"""
import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean

import mmseg_clsclip  # noqa: F401  (before mmseg, see compat.py)

ROOT = Path(__file__).resolve().parents[2]
FOLDS = range(4)
COLUMNS = dict(
    miou_seen='mIoU seen',
    miou_unseen='mIoU unseen',
    fb_iou='FB-IoU',
    miou_whole='mIoU whole')


def run_test(config: str, checkpoint: str, work_dir: Path,
             threads: int) -> dict:
    """Run ``tools/test.py`` in a process of its own; its metrics.

    Raises:
        RuntimeError: If the tool fails; with the end of what it printed.
    """
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / 'test.py'), config, checkpoint,
         '--work-dir', str(work_dir)],
        env=dict(os.environ, OMP_NUM_THREADS=str(threads)),
        capture_output=True,
        text=True)
    if done.returncode:
        raise RuntimeError(f'tools/test.py {config} {checkpoint} failed:\n'
                           + (done.stdout + done.stderr)[-3000:])
    newest = max(work_dir.glob('*/*.json'), key=lambda p: p.stat().st_mtime)
    return json.loads(newest.read_text(encoding='utf-8'))


def evaluate(config: str, checkpoint: str, out: Path) -> dict:
    """Figures of every fold and their mean.

    Args:
        config (str): With ``{fold}`` in it.
        checkpoint (str): With ``{fold}`` in it.
        out (Path): Where the logs go.
    """
    from rich.progress import track
    whole = str(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')
    jobs = [(fold, task) for fold in FOLDS for task in ('episodes', 'whole')]
    workers = min(4, os.cpu_count() or 1)
    threads = max(1, (os.cpu_count() or 1) // workers)
    with ThreadPoolExecutor(workers) as pool:
        futures = [
            pool.submit(
                run_test, whole if task == 'whole' else config.format(
                    fold=fold), checkpoint.format(fold=fold),
                out / 'logs' / f'fold{fold}_{task}', threads)
            for fold, task in jobs
        ]
        metrics = dict(
            zip(jobs, (f.result() for f in track(futures, 'testing'))))
    rows = {
        f'fold{fold}': dict(
            {key: metrics[fold, 'episodes'][key]
             for key in ('miou_unseen', 'miou_seen', 'fb_iou')},
            miou_whole=metrics[fold, 'whole']['mIoU'])
        for fold in FOLDS
    }
    rows['mean'] = {
        key: mean(rows[f'fold{fold}'][key] for fold in FOLDS)
        for key in COLUMNS
    }
    return {
        name: {key: round(float(value), 2) for key, value in row.items()}
        for name, row in rows.items()
    }


def print_table(rows: dict) -> None:
    """One line a fold, the mean last."""
    from rich.console import Console
    from rich.table import Table
    table = Table(title='ClsCLIP on Shapes-5i, per cent')
    for column in ('', *COLUMNS.values()):
        table.add_column(column, justify='right')
    for name, row in rows.items():
        table.add_row(name, *(f'{row[key]:.1f}' for key in COLUMNS))
    Console().print(table)


def draw(config: str, checkpoint: str, path: Path,
         min_area: int = 400) -> None:
    """Picture, truth and prediction of one unseen class of every fold.

    Shown is the first unseen episode whose object has ``min_area`` pixels.
    """
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    import mmcv
    from mmengine.config import Config
    from mmengine.dataset import pseudo_collate
    from mmseg.apis import init_model
    from mmseg.registry import DATASETS

    figure, axes = plt.subplots(4, 3, figsize=(6, 8.6))
    for row, fold in zip(axes, FOLDS):
        cfg = Config.fromfile(config.format(fold=fold))
        model = init_model(cfg, checkpoint.format(fold=fold), device='cpu')
        dataset = DATASETS.build(cfg.test_dataloader.dataset)
        unseen = dataset.metainfo['novel_classes']
        for i, (_, name) in enumerate(dataset.samples):
            if name in unseen:
                data = dataset[i]
                truth = data['data_samples'].gt_sem_seg.data[0].numpy()
                if truth.sum() >= min_area:
                    break
        result = model.test_step(pseudo_collate([data]))[0]
        panels = (mmcv.imread(result.img_path, channel_order='rgb'), truth,
                  result.pred_sem_seg.data[0].numpy())
        titles = (f'fold {fold}: "{name}"?', 'truth', 'ClsCLIP')
        for axis, panel, title in zip(row, panels, titles):
            axis.imshow(panel, cmap='gray', vmin=0,
                        vmax=None if panel.ndim == 3 else 1)
            axis.set_title(title, fontsize=9)
            axis.axis('off')
    figure.suptitle('Classes whose masks were never seen', fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    stem = 'clsclip_shapes-5i_fold{fold}'
    parser.add_argument(
        '--config', default=str(ROOT / f'configs/shapes/{stem}.py'))
    parser.add_argument(
        '--checkpoint',
        default=str(ROOT / f'mmseg_clsclip/assets/{stem}.pth'))
    parser.add_argument('--name', default='clsclip')
    parser.add_argument('--out', type=Path, default=ROOT / 'work_dirs/demo')
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rows = evaluate(args.config, args.checkpoint, args.out)
    print_table(rows)
    results = args.out / 'results.json'
    results.write_text(
        json.dumps({args.name: rows}, indent=2) + '\n', encoding='utf-8')
    picture = args.out / f'{args.name}.png'
    draw(args.config, args.checkpoint, picture)
    print(f'Wrote {results} and {picture}.')


if __name__ == '__main__':
    main()
