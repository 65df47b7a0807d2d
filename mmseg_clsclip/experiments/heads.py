"""ClsCLIP's heads: trained by tools/train.py, and stripped to be shipped."""

import json
import subprocess
import sys
from pathlib import Path

import torch

from ..utils.files import atomic_write
from ..utils.keys import BASE_CLASSES, SEEN_CLASSES, TRAINED_ON
from .layout import ROOT


def publish_head(source: Path, target: Path) -> None:
    """Copy a checkpoint without its optimiser, as plain values.

    Args:
        source (Path): As mmengine wrote it.
        target (Path): With the weights and the names of the classes.
    """
    checkpoint = torch.load(source, map_location='cpu', weights_only=True)
    meta = checkpoint['meta']
    # What test runs compare with their own, see ZeroShotRecordHook.
    dataset_meta = {
        key: meta['dataset_meta'][key]
        for key in ('classes', 'palette', BASE_CLASSES, 'protocol')
    }
    with atomic_write(target) as file:
        torch.save(
            dict(
                meta=dict(
                    dataset_meta=json.loads(json.dumps(dataset_meta)),
                    # Those of an earlier training, too.
                    seen_classes=sorted(
                        meta.get(SEEN_CLASSES) or dataset_meta[BASE_CLASSES]
                    ),
                    # Or that nobody knows it.
                    **{key: meta[key] for key in (TRAINED_ON,) if key in meta},
                    iter=int(meta['iter']),
                    seed=int(meta['seed']),
                    experiment_name=target.stem,
                ),
                state_dict=dict(checkpoint['state_dict']),
            ),
            file,
        )


def train_head(config: Path, work_dir: Path, out: Path) -> None:
    """Train with a config as it stands; its head and log go to a folder.

    Args:
        config (Path): Of the training.
        work_dir (Path): Where mmengine writes to.
        out (Path): Where the last checkpoint, stripped, and mmengine's log
            go, by the config's name.

    Raises:
        subprocess.CalledProcessError: If tools/train.py fails.
    """
    train = [sys.executable, ROOT / 'tools/train.py', config, '--work-dir', work_dir]
    subprocess.run([str(part) for part in train], check=True)
    checkpoint = Path((work_dir / 'last_checkpoint').read_text())
    publish_head(checkpoint, out / f'{config.stem}.pth')
    logs = work_dir.glob('*/vis_data/scalars.json')
    log = max(logs, key=lambda path: path.stat().st_mtime)
    with atomic_write(out / f'{config.stem}.log.jsonl') as file:
        file.write(log.read_bytes())
