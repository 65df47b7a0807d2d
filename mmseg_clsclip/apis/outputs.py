"""What is written of a picture: overlay, mask and JSON, all or none.

Where the JSON is, the overlay and the mask beside it are of the same call.
"""

import io
import json
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..utils.partial_files import part_folder, take_names
from .prediction import Prediction

RANDOM = 'RANDOM WEIGHTS: these masks mean nothing'
# The longer side of the overlay, pixels; the mask has the picture's size.
LEAST, MOST = 512, 2048


def paths(stem: Path) -> list[Path]:
    """Overlay, mask and JSON of a result, which take their names in order."""
    return [
        stem.with_name(stem.name + tail)
        for tail in ('_overlay.png', '_mask.png', '.json')
    ]


def check_labels(number: int) -> None:
    """Whether a mask holds so many labels, the background among them.

    Raises:
        ValueError: If there are more than 256.
    """
    if number > 256:
        raise ValueError(
            f'{number} labels; a mask as PNG holds 256. Ask for fewer classes.'
        )


def mask(prediction: Prediction, labels: np.ndarray) -> Image.Image:
    """Labels (H, W) as a picture of Pillow's mode ``'P'``.

    Raises:
        ValueError: If there are more than the 256 that such a picture holds.
    """
    check_labels(len(prediction.names))
    image = Image.fromarray(labels)
    image.putpalette(np.uint8(prediction.palette).tobytes())
    return image


def found(prediction: Prediction, labels: np.ndarray) -> list[dict]:
    """What is in a label map (H, W), the background left out.

    Returns:
        list[dict]: ``label``, ``name``, ``area`` in pixels, ``per_cent`` of
        the picture, ``box``: x1, y1, x2, y2 in pixels, the latter two
        exclusive.
    """
    areas = np.bincount(labels.ravel(), minlength=len(prediction.names))
    result = []
    for label in np.flatnonzero(areas).tolist():
        if prediction.background and not label:
            continue
        where = labels == label
        x, y = (np.flatnonzero(where.any(axis)) for axis in (0, 1))
        result.append(
            dict(
                label=label,
                name=prediction.names[label],
                area=int(areas[label]),
                per_cent=round(100 * float(areas[label]) / labels.size, 3),
                box=[int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1],
            )
        )
    return result


def overlay(prediction: Prediction, labels: np.ndarray) -> Image.Image:
    """The picture, its masks, and a legend below; RGB.

    The longer side is at least ``LEAST`` and at most ``MOST`` pixels.
    """
    picture = Image.fromarray(prediction.picture)
    scale = (
        min(MOST / max(picture.size), 1)
        if max(picture.size) > LEAST
        else LEAST // max(picture.size)
    )
    size = [max(1, round(side * scale)) for side in picture.size]
    # Small pictures keep their pixels, large ones are averaged.
    picture = picture.resize(size, Image.Resampling.NEAREST if scale > 1 else None)
    coloured = mask(prediction, labels).resize(size, Image.Resampling.NEAREST)
    drawn = np.asarray(coloured)
    share = np.full(drawn.shape, 140, np.uint8)  # of the colours, of 255
    if prediction.background:
        share[drawn == 0] = 0
    picture.paste(coloured.convert('RGB'), mask=Image.fromarray(share))
    # Edges: a colour may be that of the thing itself.
    edges = np.zeros(drawn.shape, bool)
    edges[1:] = drawn[1:] != drawn[:-1]
    edges[:, 1:] |= drawn[:, 1:] != drawn[:, :-1]
    picture.paste('white', mask=Image.fromarray(edges))
    return _with_legend(picture, prediction, found(prediction, labels))


def _with_legend(
    picture: Image.Image, prediction: Prediction, items: list[dict]
) -> Image.Image:
    """A picture above what its colours mean, the largest first."""
    width = max(picture.width, LEAST)
    high = min(max(width // 60, 14), 28)
    font = ImageFont.truetype(
        str(Path(matplotlib.get_data_path(), 'fonts/ttf/DejaVuSans.ttf')), high
    )
    gap, line = high // 2, 2 * high
    entries, x, y = [], gap, picture.height + gap
    for item in sorted(items, key=lambda item: -item['area']):
        share = f' {item["per_cent"]:.1f} %'
        name = ' '.join(item['name'].split())
        room = width - 4 * gap - font.getlength(share) - high
        if font.getlength(name) > room:
            while name and font.getlength(name + '…') > room:
                name = name[:-1]
            name += '…'
        long = high + gap + font.getlength(name + share)
        if x > gap and x + long > width - gap:
            x, y = gap, y + line
        entries.append((x, y, name + share, prediction.palette[item['label']]))
        x += long + 2 * gap
    top = line if prediction.random_weights else 0
    canvas = Image.new('RGB', (width, top + y + line), 'white')
    canvas.paste(picture, (0, top))
    draw = ImageDraw.Draw(canvas)
    if top:
        draw.rectangle((0, 0, width, top - 1), fill='red')
        draw.text((gap, top // 2), RANDOM, 'white', font, anchor='lm')
    for x, y, text, colour in entries:
        y += top
        draw.rectangle((x, y, x + high, y + high), tuple(colour), 'black')
        draw.text((x + high + gap, y + high // 2), text, 'black', font, anchor='lm')
    if not items:
        draw.text(
            (gap, y + top + high // 2), 'nothing found', 'black', font, anchor='lm'
        )
    return canvas


def summary(
    prediction: Prediction, labels: np.ndarray, picture: str, threshold: float
) -> dict:
    """What the JSON says, see docs/demo.md."""
    height, width = labels.shape
    first = int(prediction.background)
    return dict(
        picture=picture,
        width=width,
        height=height,
        classes=[
            dict(label=label, name=names[0], synonyms=list(names[1:]))
            for label, names in enumerate(prediction.classes, first)
        ],
        background=prediction.background,
        threshold=threshold if prediction.background else None,
        random_weights=prediction.random_weights,
        notes=[RANDOM] * prediction.random_weights + list(prediction.notes),
        found=found(prediction, labels),
    )


def save(
    prediction: Prediction, stem: Path, picture: str, threshold: float = 0.5
) -> dict:
    """Write what :func:`paths` names: all three, or nothing.

    Args:
        prediction (Prediction): Of the picture.
        stem (Path): Folder and name of the results.
        picture (str): Where it came from, for the JSON.
        threshold (float): See :meth:`Prediction.labels`.

    Returns:
        dict: What the JSON says.

    Raises:
        OSError: If they cannot be written.
    """
    labels = prediction.labels(threshold)
    said = summary(prediction, labels, picture, threshold)
    contents = []
    for image in (overlay(prediction, labels), mask(prediction, labels)):
        buffer = io.BytesIO()
        image.save(buffer, 'PNG')
        contents.append(buffer.getvalue())
    contents.append(json.dumps(said, indent=1).encode() + b'\n')
    with part_folder(stem.parent) as folder:
        for path, content in zip(paths(stem), contents):
            (folder / path.name).write_bytes(content)
        take_names(folder, paths(stem))
    return said
