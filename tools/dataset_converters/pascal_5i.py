"""Prepare PASCAL-5i: ids, masks and lists of VOC 2012 and SBD.

ids     the training pictures: VOC's train and SBD's, without VOC's val
masks   SBD's .mat files and VOC's PNG files to index PNGs
lists   the eligible pairs of a fold
"""

import argparse
from functools import partial
from pathlib import Path

from mmseg_clsclip_cli.conversion_options import add_lists, add_workers, exit_on_errors


def main(argv: list[str] | None = None) -> None:
    """Write ids, masks or lists and print how many there are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest='command', required=True)
    ids = commands.add_parser('ids', help='the training pictures')
    ids.add_argument('--voc', type=Path, required=True, help='VOCdevkit/VOC2012')
    ids.add_argument(
        '--sbd',
        type=Path,
        nargs='+',
        required=True,
        help='lists of SBD, such as train_noval.txt',
    )
    ids.add_argument('--out', type=Path, required=True)
    masks = commands.add_parser('masks', help='index PNGs')
    masks.add_argument(
        '--voc', type=Path, help="VOC's SegmentationClass; these masks win"
    )
    masks.add_argument('--sbd', type=Path, help="SBD's dataset/cls")
    masks.add_argument('--ids', type=Path, help='only these')
    masks.add_argument('--out', type=Path, required=True)
    add_workers(masks)
    add_lists(commands)
    args = vars(parser.parse_args(argv))

    # Not before: these take seconds to import.
    from mmseg_clsclip.dataset_conversion.lists import write_lists
    from mmseg_clsclip.dataset_conversion.pascal_5i import write_ids, write_masks
    from mmseg_clsclip.datasets.pascal import PASCAL5iDataset

    calls = dict(
        ids=write_ids, masks=write_masks, lists=partial(write_lists, PASCAL5iDataset)
    )
    with exit_on_errors():
        calls[args.pop('command')](**args)


if __name__ == '__main__':
    main()
