"""Prepare PASCAL-5i: ids, masks and lists of VOC 2012 and SBD.

ids     the training pictures: VOC's train and SBD's, without VOC's val
masks   SBD's .mat files and VOC's PNG files to index PNGs
lists   the eligible pairs of a fold
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ..datasets.masks import check_mask
from ..datasets.pascal import NUM_TRAIN, PASCAL5iDataset
from ..utils.files import atomic_write, require_files
from ..utils.images import open_image
from .lists import add_lists, add_workers, read_ids, run, track_map

CLASSES = PASCAL5iDataset.META['classes']


def make_ids(args: argparse.Namespace) -> None:
    """Join lists, leave out VOC's val, say how many there are."""
    val = set(read_ids(args.voc / 'ImageSets/Segmentation/val.txt'))
    lists = [args.voc / 'ImageSets/Segmentation/train.txt', *args.sbd]
    ids = dict.fromkeys(name for path in lists for name in read_ids(path))
    kept = sorted(name for name in ids if name not in val)
    with atomic_write(args.out) as file:
        file.write(''.join(f'{name}\n' for name in kept).encode())
    print(f'images {len(kept)}, left out as VOC val {len(ids) - len(kept)}')
    if len(kept) != NUM_TRAIN:
        print(
            f'Not the {NUM_TRAIN} of PFENet and BAM. Theirs are VOC 2012 '
            "train and the train_noval.txt (5,623 ids) of SBD's page."
        )


def read_sbd(path: Path) -> np.ndarray:
    """The class map of an SBD file, (H, W) uint8.

    Raises:
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


def convert(
    name: str, voc: Path | None, sbd: Path | None, out: Path, palette: list[int]
) -> str:
    """Write one mask; VOC's own wins over SBD's. Returns where it is from."""
    target = out / f'{name}.png'
    if target.is_file():
        return 'already there'
    source = voc / f'{name}.png' if voc else None
    if source is not None and source.is_file():
        try:
            with open_image(source) as image:
                labels = np.asarray(image)
        except OSError as error:
            raise OSError(f'{source} cannot be read: {error}') from error
        origin = 'VOC'
    else:
        source = sbd / f'{name}.mat'
        labels = read_sbd(source)
        origin = 'SBD'
    check_mask(labels, str(source), len(CLASSES))
    image = Image.fromarray(labels.astype(np.uint8))
    image.putpalette(palette)
    with atomic_write(target) as file:
        image.save(file, 'PNG')
    return origin


def make_masks(args: argparse.Namespace) -> None:
    """Masks of all that is in VOC's and SBD's folders, or of given ids."""
    for folder in (args.voc, args.sbd):
        if folder is not None and not folder.is_dir():
            raise FileNotFoundError(f'{folder} is no folder.')
    if args.voc is None and args.sbd is None:
        raise ValueError('Give --voc, --sbd or both.')
    voc = {p.stem for p in args.voc.glob('*.png')} if args.voc else set()
    sbd = {p.stem for p in args.sbd.glob('*.mat')} if args.sbd else set()
    ids = sorted(voc | sbd)
    if args.ids:
        ids = read_ids(args.ids)
        require_files(
            [
                args.voc / f'{n}.png'
                if n in voc or not args.sbd
                else args.sbd / f'{n}.mat'
                for n in ids
            ],
            'sources of masks',
        )
    if not ids:
        raise ValueError(f'No mask in {args.voc} and {args.sbd}.')
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(CLASSES)] = PASCAL5iDataset.META['palette']
    palette[255] = 224, 224, 192
    args.out.mkdir(parents=True, exist_ok=True)
    origins = list(
        track_map(
            partial(
                convert,
                voc=args.voc,
                sbd=args.sbd,
                out=args.out,
                palette=palette.ravel().tolist(),
            ),
            ids,
            'masks',
            args.workers,
        )
    )
    counts = {o: origins.count(o) for o in sorted(set(origins))}
    print(f'masks {len(ids)}: ' + ', '.join(f'{n} {o}' for o, n in counts.items()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
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
    ids.set_defaults(run=make_ids)
    masks = commands.add_parser('masks', help='index PNGs')
    masks.add_argument(
        '--voc', type=Path, help="VOC's SegmentationClass; these masks win"
    )
    masks.add_argument('--sbd', type=Path, help="SBD's dataset/cls")
    masks.add_argument('--ids', type=Path, help='only these')
    masks.add_argument('--out', type=Path, required=True)
    add_workers(masks)
    masks.set_defaults(run=make_masks)
    add_lists(commands, PASCAL5iDataset.novel, len(CLASSES))
    run(parser)
