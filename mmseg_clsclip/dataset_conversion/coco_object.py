"""Masks of COCO-Object out of COCO-Stuff's, as SCLIP and those after it have them."""

from functools import partial
from pathlib import Path

import numpy as np

from ..datasets.coco import COCO_CLASSES
from ..datasets.masks import check_mask
from .coco_20i import PALETTE
from .index_png import read_index_png, write_index_png
from .parallel_map import write_missing_masks

SUFFIX = '_labelTrainIds.png'  # of what mmseg's coco_stuff164k.py writes
NUM_STUFF = 171  # COCO's 80 things first, in its order


def _target(source: Path, out: Path) -> Path:
    return out / source.name.replace(SUFFIX, '.png')


def _write_mask(source: Path, out: Path) -> None:
    """Write one mask, things in place of stuff."""
    labels = read_index_png(source)
    check_mask(labels, str(source), NUM_STUFF)
    # What is stuff, or nothing, is background.
    things = np.where(labels < len(COCO_CLASSES), labels + 1, 0).astype(np.uint8)
    write_index_png(things, _target(source, out), PALETTE)


def write_object_masks(stuff: Path, out: Path, workers: int = 1) -> None:
    """Write the masks that are not there yet and print how many there are.

    Args:
        stuff (Path): A folder of COCO-Stuff 164k, as mmseg prepares it.
        out (Path): A folder; it need not be there.
        workers (int): Processes.

    Raises:
        OSError: If a mask cannot be read or written.
        ValueError: If there is none, or one holds another label than COCO-Stuff's.
    """
    sources = sorted(stuff.glob(f'*{SUFFIX}'))
    if not sources:
        raise ValueError(
            f'{stuff} has no file *{SUFFIX}: write them by '
            'tools/dataset_converters/coco_stuff164k.py of mmseg.'
        )
    out.mkdir(parents=True, exist_ok=True)
    write = partial(_write_mask, out=out)
    write_missing_masks(write, sources, partial(_target, out=out), workers)
