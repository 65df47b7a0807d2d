"""Prepare COCO-20i, and the masks of COCO-Object, from COCO's annotations.

    masks   instances_*.json to index PNGs, 0 background, 1 to 80 in COCO's
            order
    lists   the eligible pairs of a fold

Objects overlap in COCO, and no standard says which of them a pixel belongs
to. Here they are drawn in the order of the file, later ones over earlier
ones, and crowd regions count as their class. That is our own decision; masks
made by others may differ in such pixels.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ..datasets.coco import COCO20iDataset
from ..datasets.coco_instances import (
    PictureObjects,
    draw_mask,
    mask_name,
    read_instances,
)
from ..utils.files import atomic_write
from .lists import add_lists, add_workers, run, track_map

CLASSES = COCO20iDataset.META['classes']


def write_mask(
    picture: PictureObjects, labels: dict[int, int], out: Path, palette: list[int]
) -> None:
    """Write the mask of one picture."""
    image = Image.fromarray(draw_mask(picture, labels))
    image.putpalette(palette)
    with atomic_write(out / mask_name(picture.image)) as file:
        image.save(file, 'PNG')


def make_masks(args: argparse.Namespace) -> None:
    """Write the masks that are not there yet."""
    # Rather missed now than when half a gigabyte has been read.
    import pycocotools.coco  # noqa: F401

    pictures, labels = read_instances(args.annotations)
    # A process gets the annotations of its pictures and no others.
    todo = [p for p in pictures if not (args.out / mask_name(p.image)).is_file()]
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(CLASSES)] = COCO20iDataset.META['palette']
    args.out.mkdir(parents=True, exist_ok=True)
    for _ in track_map(
        partial(
            write_mask, labels=labels, out=args.out, palette=palette.ravel().tolist()
        ),
        todo,
        'masks',
        args.workers,
    ):
        pass
    print(
        f'masks {len(pictures)}: {len(todo)} written, '
        f'{len(pictures) - len(todo)} already there'
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    masks = commands.add_parser('masks', help='index PNGs')
    masks.add_argument(
        '--annotations', type=Path, required=True, help='such as instances_val2014.json'
    )
    masks.add_argument('--out', type=Path, required=True)
    add_workers(masks)
    masks.set_defaults(run=make_masks)
    add_lists(commands, COCO20iDataset.novel, len(CLASSES))
    run(parser)
