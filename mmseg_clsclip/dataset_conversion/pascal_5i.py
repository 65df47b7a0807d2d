"""Ids and masks of PASCAL-5i, out of VOC 2012 and SBD."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from mmseg_clsclip_cli.required_files import require_files

from ..datasets.masks import check_mask
from ..datasets.pascal import NUM_TRAIN, PASCAL5iDataset
from ..utils.files import atomic_write
from .index_png import flat_palette, read_index_png, write_index_png
from .parallel_map import parallel_map
from .picture_ids import read_picture_ids

PALETTE = flat_palette(
    {**dict(enumerate(PASCAL5iDataset.META['palette'])), 255: (224, 224, 192)}
)


def write_ids(voc: Path, sbd: Sequence[Path], out: Path) -> None:
    """Join lists, leave out VOC's val, print how many there are.

    Args:
        voc (Path): ``VOCdevkit/VOC2012``.
        sbd (Sequence[Path]): Lists of SBD, such as ``train_noval.txt``.
        out (Path): The ids, sorted, one a line.

    Raises:
        OSError: If a file cannot be read or written.
        ValueError: If there is no id in a list.
    """
    val = set(read_picture_ids(voc / 'ImageSets/Segmentation/val.txt'))
    lists = [voc / 'ImageSets/Segmentation/train.txt', *sbd]
    ids = dict.fromkeys(name for path in lists for name in read_picture_ids(path))
    kept = sorted(name for name in ids if name not in val)
    with atomic_write(out) as file:
        file.write(''.join(f'{name}\n' for name in kept).encode())
    print(f'images {len(kept)}, left out as VOC val {len(ids) - len(kept)}')
    if len(kept) != NUM_TRAIN:
        print(
            f'Not the {NUM_TRAIN} of PFENet and BAM. Theirs are VOC 2012 '
            "train and the train_noval.txt (5,623 ids) of SBD's page."
        )


def read_sbd(path: Path) -> np.ndarray:
    """Read the class map of an SBD file, (H, W) uint8.

    Raises:
        ModuleNotFoundError: If SciPy is missing.
        ValueError: If it is no such file.
    """
    from scipy.io import loadmat

    try:
        content = loadmat(path)['GTcls']
        return content['Segmentation'][0, 0].astype(np.uint8)
    except Exception as error:
        raise ValueError(
            f"{path} is not one of SBD's cls/*.mat files "
            f'({type(error).__name__}: {error}).'
        ) from error


def _write_mask(name: str, voc: Path | None, sbd: Path | None, out: Path) -> str:
    """Write one mask; VOC's own wins over SBD's. Returns where it is from."""
    target = out / f'{name}.png'
    if target.is_file():
        return 'already there'
    source = voc / f'{name}.png' if voc else None
    if source is not None and source.is_file():
        labels = read_index_png(source)
        origin = 'VOC'
    else:
        source = sbd / f'{name}.mat'
        labels = read_sbd(source)
        origin = 'SBD'
    check_mask(labels, str(source), len(PASCAL5iDataset.META['classes']))
    write_index_png(labels.astype(np.uint8), target, PALETTE)
    return origin


def write_masks(
    voc: Path | None,
    sbd: Path | None,
    out: Path,
    ids: Path | None = None,
    workers: int = 1,
) -> None:
    """Write the masks that are not there yet and print where they are from.

    Args:
        voc (Path, optional): VOC's ``SegmentationClass``; these masks win.
        sbd (Path, optional): SBD's ``dataset/cls``.
        out (Path): A folder; it need not be there.
        ids (Path, optional): A file with an id a line; all that is in the two
            folders if None.
        workers (int): Processes.

    Raises:
        ModuleNotFoundError: If SciPy is missing.
        OSError: If a source is missing or cannot be read, or a mask not written.
        ValueError: If there is no source, or one is no label map.
    """
    for folder in (voc, sbd):
        if folder is not None and not folder.is_dir():
            raise FileNotFoundError(f'{folder} is no folder.')
    if voc is None and sbd is None:
        raise ValueError('Give --voc, --sbd or both.')
    in_voc = {p.stem for p in voc.glob('*.png')} if voc else set()
    in_sbd = {p.stem for p in sbd.glob('*.mat')} if sbd else set()
    names = sorted(in_voc | in_sbd)
    if ids:
        names = read_picture_ids(ids)
        require_files(
            [
                voc / f'{n}.png' if n in in_voc or not sbd else sbd / f'{n}.mat'
                for n in names
            ],
            'sources of masks',
        )
    if not names:
        raise ValueError(f'No mask in {voc} and {sbd}.')
    out.mkdir(parents=True, exist_ok=True)
    write = partial(_write_mask, voc=voc, sbd=sbd, out=out)
    origins = list(parallel_map(write, names, 'masks', workers))
    counts = {o: origins.count(o) for o in sorted(set(origins))}
    print(f'masks {len(names)}: ' + ', '.join(f'{n} {o}' for o, n in counts.items()))
