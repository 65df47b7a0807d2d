"""Train ClsCLIP's heads on Shapes-5i, a fold after the other.

Each run is ``tools/train.py`` with the config as it stands. The last
checkpoint, stripped of the optimiser and of everything but plain values, goes
to the output folder, and beside it the log that mmengine wrote.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import torch

import mmseg_clsclip  # noqa: F401  (lets torch read mmengine's checkpoints)
from mmseg_clsclip.models.clip.loading import ASSETS
from mmseg_clsclip.utils.files import atomic_write

ROOT = Path(__file__).resolve().parents[2]
STEM = 'clsclip_shapes-5i_fold{fold}'
FOLDS = range(4)


def publish(source: Path, target: Path) -> None:
    """Keep the weights and the names of the classes, as plain values."""
    checkpoint = torch.load(source, map_location='cpu', weights_only=True)
    meta = checkpoint['meta']
    # What test runs compare with their own, see ZeroShotRecordHook.
    dataset_meta = {
        key: meta['dataset_meta'][key]
        for key in ('classes', 'palette', 'base_classes', 'protocol')
    }
    with atomic_write(target) as file:
        torch.save(
            dict(
                meta=dict(
                    dataset_meta=json.loads(json.dumps(dataset_meta)),
                    # Those of an earlier training, too.
                    seen_classes=sorted(
                        meta.get('seen_classes') or dataset_meta['base_classes']
                    ),
                    iter=int(meta['iter']),
                    seed=int(meta['seed']),
                    experiment_name=target.stem,
                ),
                state_dict=dict(checkpoint['state_dict']),
            ),
            file,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--config', default=str(ROOT / f'configs/shapes/{STEM}.py'))
    parser.add_argument('--folds', type=int, nargs='+', choices=FOLDS, default=FOLDS)
    parser.add_argument('--out', type=Path, default=ASSETS)
    parser.add_argument('--work-dir', type=Path, default='work_dirs')
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for fold in args.folds:
        config = Path(args.config.format(fold=fold))
        work_dir = args.work_dir / config.stem
        subprocess.run(
            [
                sys.executable,
                str(ROOT / 'tools' / 'train.py'),
                str(config),
                '--work-dir',
                str(work_dir),
            ],
            check=True,
        )
        last = Path((work_dir / 'last_checkpoint').read_text())
        publish(last, args.out / f'{config.stem}.pth')
        log = max(
            work_dir.glob('*/vis_data/scalars.json'), key=lambda p: p.stat().st_mtime
        )
        with atomic_write(args.out / f'{config.stem}.log.jsonl') as file:
            file.write(log.read_bytes())


if __name__ == '__main__':
    main()
