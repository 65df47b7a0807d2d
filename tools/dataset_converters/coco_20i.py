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
import json
from functools import partial
from pathlib import Path

import numpy as np
from _common import add_lists, add_workers, run, track_map
from _segmentations import check_segmentation
from PIL import Image

from mmseg_clsclip import COCO20iDataset
from mmseg_clsclip.datasets.episode_lists import picture_id
from mmseg_clsclip.utils.files import atomic_write
from mmseg_clsclip.utils.json_files import read_json
from mmseg_clsclip.utils.messages import first_few

CLASSES = COCO20iDataset.META['classes']
EXPECTED = (
    'Expected is instances_val2014.json or the like, with images '
    '(id, file_name, height, width), annotations (id, image_id, '
    'category_id, segmentation) and categories (id, name).'
)


def read_labels(categories: list[dict]) -> dict[int, int]:
    """Label, 1 to 80, of each of the file's category ids, by its name.

    Raises:
        ValueError: If the names are not COCO's 80.
    """
    labels = {c['id']: c['name'] for c in categories}
    names, known = set(labels.values()), set(CLASSES[1:])
    for word, odd in (('names', names - known), ('lacks', known - names)):
        if odd:
            raise ValueError(
                f'Its categories are not the 80 objects of COCO: it {word} '
                f'{first_few(sorted(map(str, odd)))}.'
            )
    return {key: CLASSES.index(name) for key, name in labels.items()}


def read_instances(path: Path) -> tuple[list[tuple], dict[int, int]]:
    """Read an instances file.

    Returns:
        tuple[list[tuple[dict, list[dict]]], dict[int, int]]: Each picture
        with its annotations in the file's order, and the labels of the
        category ids.

    Raises:
        ValueError: If it is no such file.
    """
    try:
        content = read_json(path)
    except ValueError as error:
        cause = error.__cause__
        if isinstance(cause, json.JSONDecodeError):
            raise ValueError(
                f'{path} is broken at line {cause.lineno}, column '
                f'{cause.colno}: {cause.msg}. Was it downloaded and unpacked '
                'to its end?'
            ) from cause
        if isinstance(cause, UnicodeDecodeError):
            raise ValueError(f'{path} is no text; unpack it first.') from cause
        raise
    try:
        labels = read_labels(content['categories'])
        images = {i['id']: (i, []) for i in content['images']}
        names = {
            mask_name(image)
            for image, _ in images.values()
            if image['height'] > 0 < image['width']
        }
        for image, _ in images.values():
            _check_size(image)
        if not images or len(names) < len(content['images']):
            raise ValueError('It has no picture, one twice or one of no size.')
        for annotation in content['annotations']:
            if annotation['category_id'] not in labels:
                raise ValueError(
                    f'Annotation {annotation["id"]} is of the category '
                    f'{annotation["category_id"]}, which it does not name.'
                )
            if annotation['image_id'] not in images:
                raise ValueError(
                    f'Annotation {annotation["id"]} is of the picture '
                    f'{annotation["image_id"]}, which it does not name.'
                )
            images[annotation['image_id']][1].append(annotation)
    except (KeyError, TypeError, ValueError) as error:
        what = f'{error} is missing.' if isinstance(error, KeyError) else error
        raise ValueError(
            f'{path} is not an instances file. {what} {EXPECTED}'
        ) from error
    return list(images.values()), labels


def _check_size(image: dict) -> None:
    """Height and width are pixels.

    Raises:
        ValueError: If they are not.
    """
    size = image['height'], image['width']
    # 2**31: the run lengths of pycocotools have 32 bits.
    if {type(side) for side in size} != {int} or size[0] * size[1] >= 2**31:
        raise ValueError(
            f'The picture {image["file_name"]} has the height '
            f'{str(size[0])[:20]} and the width {str(size[1])[:20]}.'
        )


def mask_name(image: dict) -> str:
    """File name of a picture's mask."""
    return f'{picture_id(image["file_name"])}.png'


def draw(image: dict, annotations: list[dict], labels: dict[int, int]) -> np.ndarray:
    """Draw the objects of a picture, each over those before it.

    Returns:
        np.ndarray: (H, W) uint8.

    Raises:
        ValueError: If an annotation cannot be drawn.
    """
    from pycocotools.coco import COCO

    coco = COCO()
    # All that annToMask reads.
    coco.imgs[image['id']] = image
    mask = np.zeros((image['height'], image['width']), np.uint8)
    for annotation in annotations:
        try:
            check_segmentation(annotation['segmentation'], *mask.shape)
            drawn = coco.annToMask(annotation) == 1
            mask[drawn] = labels[annotation['category_id']]
        except Exception as error:  # whatever its C code raises
            raise ValueError(
                f'Annotation {annotation.get("id")} of {image["file_name"]} '
                f'cannot be drawn ({type(error).__name__}: {error}).'
            ) from error
    return mask


def write_mask(
    item: tuple[dict, list[dict]], labels: dict[int, int], out: Path, palette: list[int]
) -> None:
    """Write the mask of one picture."""
    image = Image.fromarray(draw(*item, labels))
    image.putpalette(palette)
    with atomic_write(out / mask_name(item[0])) as file:
        image.save(file, 'PNG')


def make_masks(args: argparse.Namespace) -> None:
    """Write the masks that are not there yet."""
    # Rather missed now than when half a gigabyte has been read.
    import pycocotools.coco  # noqa: F401

    items, labels = read_instances(args.annotations)
    # A process gets the annotations of its pictures and no others.
    todo = [i for i in items if not (args.out / mask_name(i[0])).is_file()]
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
        f'masks {len(items)}: {len(todo)} written, '
        f'{len(items) - len(todo)} already there'
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


if __name__ == '__main__':
    main()
