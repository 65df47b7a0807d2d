"""Masks of COCO-20i and COCO-Object, drawn from COCO's annotations."""

from functools import partial
from pathlib import Path

from ..datasets.coco import COCO20iDataset
from .coco_instances import PictureObjects, draw_mask, mask_name, read_instances
from .index_png import flat_palette, write_index_png
from .parallel_map import write_missing_masks

PALETTE = flat_palette(dict(enumerate(COCO20iDataset.META['palette'])))


def _target(picture: PictureObjects, out: Path) -> Path:
    return out / mask_name(picture.image)


def _write_mask(picture: PictureObjects, labels: dict[int, int], out: Path) -> None:
    write_index_png(draw_mask(picture, labels), _target(picture, out), PALETTE)


def write_masks(annotations: Path, out: Path, workers: int = 1) -> None:
    """Write the masks that are not there yet and print how many there are.

    Args:
        annotations (Path): Such as ``instances_val2014.json``.
        out (Path): A folder; it need not be there.
        workers (int): Processes.

    Raises:
        ModuleNotFoundError: If pycocotools is missing.
        OSError: If the annotations cannot be read or a mask not written.
        ValueError: If they are no instances file, or one cannot be drawn.
    """
    # Rather missed now than when half a gigabyte has been read.
    import pycocotools.coco  # noqa: F401

    pictures, labels = read_instances(annotations)
    out.mkdir(parents=True, exist_ok=True)
    write = partial(_write_mask, labels=labels, out=out)
    write_missing_masks(write, pictures, partial(_target, out=out), workers)
