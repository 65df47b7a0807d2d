"""One picture and its mask, read, and what is wrong with them."""

import hashlib
import io
from dataclasses import dataclass, field

import numpy as np
from mmengine import fileio
from PIL import Image

from mmseg_clsclip_cli.images import open_image

from ..datasets.masks import IGNORE, describe_stretch, is_deep, lost_value

ORIENTATION = 0x0112  # EXIF; from 5 on the picture is shown turned by 90


@dataclass
class Pair:
    """What is known of a picture and its mask.

    Attributes:
        picture (str): Its path.
        digest (bytes, optional): Of the picture's bytes.
        areas (np.ndarray, optional): Pixels of every label (256,) as training
            sees them, if the mask could be read.
        strange (dict[int, int]): Pixels of the mask's values, as stored, that
            are no label.
        problems (list[tuple[str, str]]): A key of ``findings.KINDS`` and the
            file that it is about, with a detail.
    """

    picture: str
    digest: bytes | None = None
    areas: np.ndarray | None = None
    strange: dict[int, int] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)


def _open(
    path: str, backend_args: dict | None, what: str, pair: Pair
) -> tuple[Image.Image | None, bytes]:
    """Return a decoded picture and its bytes; (None, ...) with a problem noted."""
    content = b''
    try:
        content = fileio.get(path, backend_args=backend_args)
        # OpenCV, by which training reads pictures, has JPEG 2000, too.
        image = open_image(io.BytesIO(content), 'JPEG2000')
        stretch = describe_stretch(image) if what == 'mask' else ''
        if stretch:
            raise ValueError(stretch)
        if what == 'picture' and is_deep(image):
            pair.problems.append(('deep', path))
        image.load()
        return image, content
    except FileNotFoundError:
        pair.problems.append((f'no {what}', path))
    except Exception as error:  # whatever a decoder raises
        reason = (
            'it is empty'
            if not content
            else ' '.join(str(error).replace(repr(error), '').split())
        )
        if 'cannot identify' in reason:  # with an address in memory
            reason = 'no picture of a usual format'
        pair.problems.append(('unreadable', f'{path} ({reason})'))
    return None, content


def _size(image: Image.Image) -> tuple[int, int]:
    """Return width and height as mmcv sees them, which obeys EXIF."""
    try:
        turned = image.getexif().get(ORIENTATION, 1) >= 5
    except Exception:  # whatever damaged data raise; OpenCV passes them over
        turned = False
    return image.size[::-1] if turned else image.size


def as_trained(values: np.ndarray, info: dict) -> np.ndarray:
    """Return what mmseg's ``LoadAnnotations`` makes of a mask's values."""
    values = values.astype(np.int64)
    if info.get('reduce_zero_label'):
        values = np.where((values == 0) | (values == IGNORE), IGNORE, values - 1)
    result = values.copy()
    for old, new in (info.get('label_map') or {}).items():
        result[values == old] = new
    return result


def _count(
    image: Image.Image, path: str, info: dict, num_classes: int, pair: Pair
) -> None:
    """Fill in ``areas`` and ``strange``."""
    labels = np.asarray(image)
    if labels.ndim != 2 or labels.dtype.kind not in 'buif':
        pair.problems.append(('colour', f'{path} (mode {image.mode})'))
        return
    if image.format == 'JPEG':
        pair.problems.append(('lossy', path))
    if labels.dtype.itemsize > 1:
        wide, lost = labels.max(), lost_value(labels)
        pair.problems.append(
            (
                'wide' if wide > IGNORE else '16 bits' if lost is None else 'lost',
                f'{path} (values up to {wide:g})'
                if lost is None or wide > IGNORE
                else f'{path} (the value {lost:g})',
            )
        )
        values, pixels = np.unique(labels, return_counts=True)
        if lost is None:
            values = values.astype(np.uint8)
        elif labels.dtype.kind == 'f':
            return  # fractions are no labels
    else:
        pixels = np.bincount(labels.ravel(), minlength=256)
        values = np.flatnonzero(pixels)
        pixels = pixels[values]
    pair.areas = np.zeros(256, np.int64)
    for value, label, number in zip(values, as_trained(values, info), pixels):
        if 0 <= label < num_classes or label == IGNORE:
            pair.areas[label] += number
        else:
            pair.strange[int(value)] = int(number)
    if pair.strange:
        values = ', '.join(map(str, list(pair.strange)[:5]))
        pair.problems.append(('values', f'{path} ({values})'))


def read_pair(info: dict, num_classes: int, backend_args: dict | None = None) -> Pair:
    """Read a picture and its mask.

    Args:
        info (dict): What the data set says of them: ``img_path``,
            ``seg_map_path``, ``label_map`` and ``reduce_zero_label``.
        num_classes (int): Labels are 0 to ``num_classes - 1`` or 255.
        backend_args (dict, optional): Where the files lie, as mmengine has
            it.

    Returns:
        Pair: With what is wrong.
    """
    pair = Pair(info['img_path'])
    picture, content = _open(pair.picture, backend_args, 'picture', pair)
    pair.digest = hashlib.sha256(content).digest() if picture else None
    path = info.get('seg_map_path')
    if path is None:
        pair.problems.append(('no mask', pair.picture))
        return pair
    mask, _ = _open(path, backend_args, 'mask', pair)
    if mask is None:
        return pair
    if picture and _size(picture) != mask.size:
        sizes = [f'{w} x {h}' for w, h in (mask.size, _size(picture))]
        pair.problems.append(('size', f'{path} ({sizes[0]}, its picture {sizes[1]})'))
    _count(mask, path, info, num_classes, pair)
    return pair
