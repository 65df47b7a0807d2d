"""What asking only for the likeliest classes costs and saves on Shapes-5i.

``test_cfg.keep_classes=k`` keeps the k classes of the vocabulary that are the
most like the picture by CLIP itself. Printed for each k: recall, the share of
the classes in the test pictures that are kept, mean of the pictures, and the
mIoU of the whole vocabulary, mean of the folds.
"""

import argparse
import json
from pathlib import Path
from statistics import mean

import torch
from evaluate import run_all
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from prettytable import PrettyTable
from train_heads import FOLDS, ROOT

import mmseg_clsclip  # noqa: F401  (what mmseg needs with mmcv-lite)
from mmseg_clsclip.models.clip.loading import ASSETS
from mmseg_clsclip.utils.files import atomic_write

CONFIG = str(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')
HEAD = str(ASSETS / 'clsclip_shapes-5i_fold{}.pth')


@torch.no_grad()
def ranks(pictures: int) -> list[list[int]]:
    """Places of a picture's own classes among all, likeliest first, from 0."""
    import mmseg.models  # noqa: F401  (a library)
    from mmseg.registry import DATASETS, MODELS

    init_default_scope('mmseg')
    cfg = Config.fromfile(CONFIG)
    model = MODELS.build(cfg.model).eval()
    cfg.test_dataloader.dataset.length = pictures
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    found = []
    for i in range(pictures):
        data = model.data_preprocessor(pseudo_collate([dataset[i]]))
        labels = data['data_samples'][0].gt_sem_seg.data.unique().tolist()
        order = (
            model.similarity(
                model.shared_features(data['inputs']), model.text_encoder()[None]
            )[0]
            .argsort(descending=True)
            .argsort()
            .tolist()
        )
        found.append([order[label - 1] for label in labels if 0 < label < 255])
    return [places for places in found if places]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--keep', type=int, nargs='+', default=[2, 3, 5, 8, 12, 20])
    parser.add_argument('--folds', type=int, nargs='+', default=FOLDS)
    parser.add_argument('--pictures', type=int, default=500)
    parser.add_argument('--out-dir', type=Path, default='work_dirs/likely_classes')
    args = parser.parse_args()
    places = ranks(args.pictures)
    table = PrettyTable(['k', 'recall', 'mIoU whole'])
    rows = []
    for keep in args.keep:
        scores = run_all(
            {
                (f'keep{keep}', str(fold)): (
                    CONFIG,
                    HEAD.format(fold),
                    [
                        f'model.test_cfg.keep_classes={keep}',
                        f'test_dataloader.dataset.length={args.pictures}',
                    ],
                )
                for fold in args.folds
            },
            args.out_dir,
        )
        rows.append(
            dict(
                keep=keep,
                recall=100 * mean(mean(p < keep for p in own) for own in places),
                miou_whole=mean(score['mIoU'] for score in scores.values()),
            )
        )
        table.add_row(
            [keep, *(f'{rows[-1][key]:.1f}' for key in ('recall', 'miou_whole'))]
        )
        print(table, flush=True)
    with atomic_write(args.out_dir / 'results.json') as file:
        file.write(json.dumps(rows, indent=1).encode())


if __name__ == '__main__':
    main()
