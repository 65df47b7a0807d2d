"""Files in COCO's format: annotations and a detector's results."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
import torch
from mmengine.structures import InstanceData

from mmseg_clsclip_cli.messages import first_few

from ..utils.json_files import read_json
from .detector import coco_categories


class Annotations(NamedTuple):
    """Image ids and categories of an annotations file.

    Attributes:
        image_ids (dict): By file name without suffix.
        categories (dict[int, str]): Names by id.
    """

    image_ids: dict[str, int | str]
    categories: dict[int, str]


class Detection(NamedTuple):
    """A box with its score and the name of its category."""

    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    name: str


class DetectionResults(NamedTuple):
    """Contents of a results file.

    Attributes:
        proposals (dict[str, InstanceData]): Boxes by image id.
        unknown (Counter[int]): How many boxes have an unknown category id.
    """

    proposals: dict[str, InstanceData]
    unknown: Counter


def _parse_id(value) -> int:
    """Return an id, which JSON may write as a number or as text.

    Raises:
        OverflowError, TypeError, ValueError: If it is no whole number.
    """
    number = int(value)
    if not isinstance(value, str) and number != value:
        raise ValueError(f'{value} is not whole.')
    return number


def file_stem(path: str) -> str:
    """Return a file's name without folder and suffix, of Windows' paths, too."""
    return PurePosixPath(str(path).replace('\\', '/')).stem


def read_annotations(file: str) -> Annotations:
    """Read the image ids and categories of an annotations file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is broken.
    """
    content = read_json(file)
    try:
        pairs = [
            (file_stem(image['file_name']), image['id']) for image in content['images']
        ]
        categories = {
            _parse_id(category['id']): category['name']
            for category in content.get('categories', ())
        }
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(
            f"{file}: annotations in COCO's format have `images` with "
            '`file_name` and `id`, and `categories` with a whole `id` and '
            '`name`.'
        ) from error
    image_ids = {}
    for stem, image_id in pairs:
        if image_ids.setdefault(stem, image_id) != image_id:
            raise ValueError(
                f'{file}: several pictures are called {stem!r}, by which '
                'boxes are found. Give them names of their own.'
            )
    return Annotations(image_ids, categories)


def read_categories(categories: str | dict) -> dict[int, str]:
    """Return names by id.

    Args:
        categories (str | dict): ``'coco91'``, ``'coco80'``, or such a dict.

    Raises:
        ValueError: If it is another word, or an id is no whole number.
    """
    if isinstance(categories, dict):
        try:
            return {_parse_id(key): str(name) for key, name in categories.items()}
        except (OverflowError, TypeError, ValueError) as error:
            raise ValueError(
                'categories: ids are whole numbers, and these are '
                f'{first_few(categories)}.'
            ) from error
    if categories == 'coco91':
        return coco_categories()
    if categories == 'coco80':
        return dict(enumerate(coco_categories().values()))
    raise ValueError(
        f"categories={categories!r}: write 'coco91', 'coco80', or a dict of ids to "
        'names.'
    )


def pack_detections(detections: Sequence[Detection]) -> InstanceData:
    """Return the boxes of a picture as proposals."""
    numbers = torch.from_numpy(
        np.array([box[:5] for box in detections], np.float32).reshape(-1, 5)
    )
    return InstanceData(
        bboxes=numbers[:, :4],
        scores=numbers[:, 4],
        names=[box.name for box in detections],
    )


def read_results(file: str, categories: dict[int, str]) -> DetectionResults:
    """Read a detector's results.

    Args:
        file (str): JSON, a list of boxes.
        categories (dict[int, str]): Names by id.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an entry is invalid; names the first.
    """
    entries = read_json(file)
    if not isinstance(entries, list):
        raise ValueError(
            f'{file} holds a {type(entries).__name__}; results are a list of '
            'image_id, category_id, bbox and score. (A file with "images" and '
            '"annotations" holds the truth.)'
        )
    unknown: Counter = Counter()
    detections: dict[str, list[Detection]] = defaultdict(list)
    for number, entry in enumerate(entries):
        try:
            x, y, width, height = map(float, entry['bbox'])
            category = _parse_id(entry['category_id'])
            score = float(entry['score'])
            image_id = str(entry['image_id'])
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise ValueError(
                f'{file}, entry {number}, is {str(entry)[:120]}: it needs '
                'image_id, a whole category_id, bbox with x, y, width and '
                'height, and score.'
            ) from error
        if category in categories:
            box = Detection(x, y, x + width, y + height, score, categories[category])
            detections[image_id].append(box)
        else:
            unknown[category] += 1
    return DetectionResults(
        {key: pack_detections(boxes) for key, boxes in detections.items()}, unknown
    )
