"""Train ClsCLIP's heads on Shapes-5i, a fold after the other.

Each run is ``tools/train.py`` with the config as it stands. The last
checkpoint, stripped of the optimiser and of everything but plain values, goes
to the output folder, and beside it the log that mmengine wrote.
"""

import argparse
from pathlib import Path

from mmseg_clsclip.experiments.heads import train_head
from mmseg_clsclip.experiments.layout import CONFIG, FOLDS
from mmseg_clsclip.models.clip.loading import ASSETS


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--config', default=CONFIG)
    parser.add_argument('--folds', type=int, nargs='+', choices=FOLDS, default=FOLDS)
    parser.add_argument('--out', type=Path, default=ASSETS)
    parser.add_argument('--work-dir', type=Path, default='work_dirs')
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    for fold in args.folds:
        config = Path(args.config.format(fold=fold))
        train_head(config, args.work_dir / config.stem, args.out)


if __name__ == '__main__':
    main()
