"""Lists of the eligible pairs of a fold, counted in masks."""

from functools import partial
from pathlib import Path

import numpy as np

from mmseg_clsclip_cli.required_files import require_files

from ..datasets.arguments import NovelHandling
from ..datasets.episode_lists import write_list
from ..datasets.folds import FoldDataset, Split
from ..datasets.masks import check_mask, eligible_labels
from .index_png import read_index_png
from .parallel_map import parallel_map
from .picture_ids import read_picture_ids


def _areas(path: Path, num_classes: int) -> np.ndarray:
    return check_mask(read_index_png(path), str(path), num_classes)


def write_lists(
    dataset: type[FoldDataset],
    masks: Path,
    fold: int,
    split: Split,
    out: Path,
    ids: Path | None = None,
    novel_handling: NovelHandling = 'drop_image',
    min_area: int = 2048,
    workers: int = 1,
) -> None:
    """Write the eligible pairs of a fold and print how many there are.

    Args:
        dataset (type): Whose classes and folds they are.
        masks (Path): A folder of index PNGs.
        fold (int): 0 to 3.
        split (str): ``'train'`` for the classes that the fold keeps, ``'val'`` for
            those that it holds out.
        out (Path): The list, "ID CLASS" a line.
        ids (Path, optional): A file with an id a line; all masks if None.
        novel_handling (str): Of the training, see :class:`EpisodeDataset`.
        min_area (int): Pixels that a class must have.
        workers (int): Processes.

    Raises:
        OSError: If a file is missing or cannot be read or written.
        ValueError: If a mask is none of the data set, or no pair is eligible.
    """
    num_classes = len(dataset.META['classes'])
    held_out = dataset.novel(fold)
    asked, dropped = held_out, []
    if split == 'train':
        asked = [k for k in range(1, num_classes) if k not in held_out]
        if novel_handling == 'drop_image':
            dropped = held_out
    names = (
        read_picture_ids(ids)
        if ids
        else sorted(path.stem for path in masks.glob('*.png'))
    )
    if not names:
        raise FileNotFoundError(f'There is no *.png in {masks}.')
    paths = [masks / f'{name}.png' for name in names]
    require_files(paths, 'masks')
    areas = parallel_map(
        partial(_areas, num_classes=num_classes), paths, 'masks', workers
    )
    pairs = [
        (name, label)
        for counted, name in zip(areas, names)
        for label in eligible_labels(counted, asked, dropped, min_area)
    ]
    write_list(out, pairs)
    print(f'images {len({name for name, _ in pairs})}, pairs {len(pairs)}')
