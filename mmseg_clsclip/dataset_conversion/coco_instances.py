"""COCO's annotations of objects, read and drawn as masks of COCO-20i."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmseg_clsclip_cli.messages import first_few

from ..datasets.coco import COCO_CLASSES
from ..datasets.episode_lists import picture_id
from ..utils.json_files import read_json
from ..utils.log import warn
from .coco_segmentations import check_segmentation

_EXPECTED = (
    'Expected is instances_val2014.json or the like, with images '
    '(id, file_name, height, width), annotations (id, image_id, '
    'category_id, segmentation) and categories (id, name).'
)


class PictureObjects(NamedTuple):
    """A picture and its objects, as the file has them.

    Attributes:
        image (dict): With ``id``, ``file_name``, ``height`` and ``width``.
        annotations (list[dict]): In the file's order.
    """

    image: dict
    annotations: list[dict]


def _read_labels(categories: list[dict]) -> dict[int, int]:
    """Return the label, 1 to 80, of each of the file's category ids, by its name.

    Raises:
        ValueError: If the names are not COCO's 80.
    """
    labels = {c['id']: c['name'] for c in categories}
    names, known = set(labels.values()), set(COCO_CLASSES)
    for word, odd in (('names', names - known), ('lacks', known - names)):
        if odd:
            raise ValueError(
                f'Its categories are not the 80 objects of COCO: it {word} '
                f'{first_few(sorted(map(str, odd)))}.'
            )
    return {key: COCO_CLASSES.index(name) + 1 for key, name in labels.items()}


def read_instances(path: Path) -> tuple[list[PictureObjects], dict[int, int]]:
    """Read an instances file.

    Returns:
        tuple[list[PictureObjects], dict[int, int]]: Each picture with its
        annotations in the file's order, and the labels of the category ids.

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
        labels = _read_labels(content['categories'])
        pictures = {i['id']: PictureObjects(i, []) for i in content['images']}
        names = {
            mask_name(picture.image)
            for picture in pictures.values()
            if picture.image['height'] > 0 < picture.image['width']
        }
        for picture in pictures.values():
            _check_size(picture.image)
        if not pictures or len(names) < len(content['images']):
            raise ValueError('It has no picture, one twice or one of no size.')
        for annotation in content['annotations']:
            if annotation['category_id'] not in labels:
                raise ValueError(
                    f'Annotation {annotation["id"]} is of the category '
                    f'{annotation["category_id"]}, which it does not name.'
                )
            if annotation['image_id'] not in pictures:
                raise ValueError(
                    f'Annotation {annotation["id"]} is of the picture '
                    f'{annotation["image_id"]}, which it does not name.'
                )
            pictures[annotation['image_id']].annotations.append(annotation)
    except (KeyError, TypeError, ValueError) as error:
        what = f'{error} is missing.' if isinstance(error, KeyError) else error
        raise ValueError(
            f'{path} is not an instances file. {what} {_EXPECTED}'
        ) from error
    return list(pictures.values()), labels


def _check_size(image: dict) -> None:
    """Refuse a height or width that is no number of pixels.

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
    """Return the file name of a picture's mask."""
    return f'{picture_id(image["file_name"])}.png'


def draw_mask(picture: PictureObjects, labels: dict[int, int]) -> np.ndarray:
    """Draw the objects of a picture, each over those before it.

    An annotation that covers no pixel is named in a warning.

    Returns:
        np.ndarray: (H, W) uint8.

    Raises:
        ValueError: If an annotation cannot be drawn.
    """
    from pycocotools.coco import COCO

    image, coco = picture.image, COCO()
    # All that annToMask reads.
    coco.imgs[image['id']] = image
    mask = np.zeros((image['height'], image['width']), np.uint8)
    for annotation in picture.annotations:
        try:
            check_segmentation(annotation['segmentation'], *mask.shape)
            drawn = coco.annToMask(annotation) == 1
            mask[drawn] = labels[annotation['category_id']]
        except Exception as error:  # whatever its C code raises
            raise ValueError(
                f'Annotation {annotation.get("id")} of {image["file_name"]} '
                f'cannot be drawn ({type(error).__name__}: {error}).'
            ) from error
        if not drawn.any():
            warn(
                f'Annotation {annotation.get("id")} of {image["file_name"]} covers no '
                'pixel: its polygon or run lengths have no area.'
            )
    return mask
