"""Files in COCO's format: annotations and a detector's results."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
import torch
from mmengine.structures import InstanceData

from ..utils.json_files import read_json
from ..utils.messages import first_few
from .detector import coco_categories


def _whole(value) -> int:
    """An id, which JSON may write as a number or as text.

    Raises:
        OverflowError, TypeError, ValueError: If it is no whole number.
    """
    number = int(value)
    if not isinstance(value, str) and number != value:
        raise ValueError(f'{value} is not whole.')
    return number


def read_annotations(file: str) -> tuple[dict, dict[int, str]]:
    """Picture ids by file name without suffix, and category names by id.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is broken.
    """
    content = read_json(file)
    try:
        pairs = [
            (PurePath(image['file_name']).stem, image['id'])
            for image in content['images']
        ]
        names = {_whole(c['id']): c['name'] for c in content.get('categories', ())}
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(
            f"{file}: annotations in COCO's format have `images` with "
            '`file_name` and `id`, and `categories` with a whole `id` and '
            '`name`.'
        ) from error
    ids = {}
    for stem, number in pairs:
        if ids.setdefault(stem, number) != number:
            raise ValueError(
                f'{file}: several pictures are called {stem!r}, by which '
                'boxes are found. Give them names of their own.'
            )
    return ids, names


def read_categories(categories: str | dict) -> dict[int, str]:
    """Names by id; ``'coco91'`` and ``'coco80'`` are known.

    Raises:
        ValueError: If it is neither, nor a dict.
    """
    if isinstance(categories, dict):
        try:
            return {_whole(key): str(n) for key, n in categories.items()}
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
        f"categories={categories!r}: 'coco91', 'coco80', or a dict of ids to names."
    )


def pack(rows: Sequence[tuple]) -> InstanceData:
    """Pairs of (x1, y1, x2, y2, score) and a name, as proposals."""
    numbers = torch.from_numpy(
        np.array([row for row, _ in rows], np.float32).reshape(-1, 5)
    )
    return InstanceData(
        bboxes=numbers[:, :4], scores=numbers[:, 4], names=[name for _, name in rows]
    )


def read_results(
    file: str, categories: dict[int, str]
) -> tuple[dict[str, InstanceData], Counter]:
    """A detector's results.

    Returns:
        tuple[dict, Counter]: Boxes by picture id, as text; and how many have
        an id that is not in ``categories``, by id.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is broken; names the first wrong entry.
    """
    entries = read_json(file)
    if not isinstance(entries, list):
        raise ValueError(
            f'{file} holds a {type(entries).__name__}; results are a list of '
            'image_id, category_id, bbox and score. (A file with "images" and '
            '"annotations" holds the truth.)'
        )
    unknown: Counter = Counter()
    boxes = defaultdict(list)
    for number, entry in enumerate(entries):
        try:
            x, y, w, h = map(float, entry['bbox'])
            category = _whole(entry['category_id'])
            row = (x, y, x + w, y + h, float(entry['score']))
            key = str(entry['image_id'])
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise ValueError(
                f'{file}, entry {number}, is {str(entry)[:120]}: it needs '
                'image_id, a whole category_id, bbox with x, y, width and '
                'height, and score.'
            ) from error
        if category in categories:
            boxes[key].append((row, categories[category]))
        else:
            unknown[category] += 1
    return {key: pack(rows) for key, rows in boxes.items()}, unknown
