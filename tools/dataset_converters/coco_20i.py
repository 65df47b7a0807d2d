"""Prepare COCO-20i, and the masks of COCO-Object, from COCO's annotations.

    masks    instances_*.json to index PNGs, 0 background, 1 to 80 in COCO's
             order
    lists    the eligible pairs of a fold
    objects  masks of COCO-Object out of COCO-Stuff's, as SCLIP's and others'
             tables have them

Objects overlap in COCO, and no standard says which of them a pixel belongs
to. Here they are drawn in the order of the file, later ones over earlier
ones, and crowd regions count as their class. That is our own decision; masks
made by others may differ in such pixels.
"""

import argparse
from functools import partial
from pathlib import Path

from mmseg_clsclip_cli.conversion_options import add_lists, add_workers, exit_on_errors


def main(argv: list[str] | None = None) -> None:
    """Write masks or lists and print how many there are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest='command', required=True)
    masks = commands.add_parser('masks', help='index PNGs')
    masks.add_argument(
        '--annotations', type=Path, required=True, help='such as instances_val2014.json'
    )
    masks.add_argument('--out', type=Path, required=True)
    add_workers(masks)
    add_lists(commands)
    objects = commands.add_parser('objects', help="index PNGs out of COCO-Stuff's")
    objects.add_argument(
        '--stuff',
        type=Path,
        required=True,
        help='such as data/coco_stuff164k/annotations/val2017',
    )
    objects.add_argument('--out', type=Path, required=True)
    add_workers(objects)
    args = vars(parser.parse_args(argv))

    # Not before: these take seconds to import.
    from mmseg_clsclip.dataset_conversion.coco_20i import write_masks
    from mmseg_clsclip.dataset_conversion.coco_object import write_object_masks
    from mmseg_clsclip.dataset_conversion.lists import write_lists
    from mmseg_clsclip.datasets.coco import COCO20iDataset

    calls = dict(
        masks=write_masks,
        lists=partial(write_lists, COCO20iDataset),
        objects=write_object_masks,
    )
    with exit_on_errors():
        calls[args.pop('command')](**args)


if __name__ == '__main__':
    main()
