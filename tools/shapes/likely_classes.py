"""What asking only for the likeliest classes costs and saves on Shapes-5i.

``test_cfg.keep_classes=k`` keeps the k classes of the vocabulary that are the
most like the picture by CLIP itself. Printed for each k: recall, the share of
the classes in the test pictures that are kept, mean of the pictures, and the
mIoU of the whole vocabulary, mean of the folds.
"""

import argparse
import json
from pathlib import Path

from prettytable import PrettyTable

from mmseg_clsclip.experiments.layout import FOLDS
from mmseg_clsclip.experiments.likely_classes import (
    miou_whole,
    rank_own_classes,
    recall,
)
from mmseg_clsclip.utils.files import atomic_write


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--keep', type=int, nargs='+', default=[2, 3, 5, 8, 12, 20])
    parser.add_argument('--folds', type=int, nargs='+', default=FOLDS)
    parser.add_argument('--pictures', type=int, default=500)
    parser.add_argument('--out-dir', type=Path, default='work_dirs/likely_classes')
    args = parser.parse_args(argv)
    ranks = rank_own_classes(args.pictures)
    table = PrettyTable(['k', 'recall', 'mIoU whole'])
    rows = []
    for keep in args.keep:
        row = dict(
            keep=keep,
            recall=recall(ranks, keep),
            miou_whole=miou_whole(keep, args.folds, args.pictures, args.out_dir),
        )
        rows.append(row)
        table.add_row([keep, f'{row["recall"]:.1f}', f'{row["miou_whole"]:.1f}'])
        print(table, flush=True)
    with atomic_write(args.out_dir / 'results.json') as file:
        file.write(json.dumps(rows, indent=1).encode())


if __name__ == '__main__':
    main()
