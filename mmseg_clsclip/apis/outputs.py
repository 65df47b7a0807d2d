"""What is written of a picture: overlay, mask and JSON, all or none.

Where the JSON is, the overlay and the mask beside it are of the same call.
"""

import io
import json
from bisect import bisect_right
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mmseg_clsclip_cli.errors import join_lines
from mmseg_clsclip_cli.messages import first_few
from mmseg_clsclip_cli.results import check_labels, list_paths

from ..utils.partial_files import part_folder, take_names
from ..visualization.fonts import load_font
from ..visualization.overlay import MIN_SIDE, overlay_labels
from .prediction import Prediction

RANDOM_WARNING = 'RANDOM WEIGHTS: these masks mean nothing'
DRAWN_WARNING = 'DRAWN SHAPES ALONE: of a photograph these masks mean nothing'
LEAST = 0.05  # per cent: what would be shown as 0.0 %


def draw_mask(prediction: Prediction, labels: np.ndarray) -> Image.Image:
    """Draw labels (H, W) as a picture of Pillow's mode ``'P'``.

    Raises:
        ValueError: If there are more than the 256 that such a picture holds.
    """
    check_labels(len(prediction.names))
    image = Image.fromarray(labels)
    image.putpalette(np.uint8(prediction.palette).tobytes())
    return image


def list_warnings(prediction: Prediction) -> list[str]:
    """List what stands above an overlay: why its masks mean nothing."""
    return [RANDOM_WARNING] * prediction.random_weights + [
        DRAWN_WARNING
    ] * prediction.drawn_world


def list_regions(prediction: Prediction, labels: np.ndarray) -> list[dict]:
    """List what is in a label map (H, W), the background left out.

    Returns:
        list[dict]: ``label``, ``name``, ``area`` in pixels, ``per_cent`` of
        the picture, ``box``: x1, y1, x2, y2 in pixels, the latter two
        exclusive; ``presence``, see :func:`list_missing`.
    """
    areas = np.bincount(labels.ravel(), minlength=len(prediction.names))
    regions = []
    for label in np.flatnonzero(areas).tolist():
        if prediction.background and not label:
            continue
        region = labels == label
        x, y = (np.flatnonzero(region.any(axis)) for axis in (0, 1))
        regions.append(
            dict(
                label=label,
                name=prediction.names[label],
                area=int(areas[label]),
                per_cent=round(100 * float(areas[label]) / labels.size, 3),
                box=[int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1],
                presence=_round_presence(prediction, label),
            )
        )
    return regions


def list_missing(prediction: Prediction, labels: np.ndarray) -> list[dict]:
    """List the classes that have no pixel of a label map (H, W).

    Returns:
        list[dict]: ``label``, ``name``, ``presence``, how likely it is to be in
        the picture, None if the model does not say it, and ``asked``: whether
        a mask was asked of it, so that no pixel was won.
    """
    first = int(prediction.background)
    there = np.bincount(labels.ravel(), minlength=len(prediction.names)) > 0
    return [
        dict(
            label=label,
            name=prediction.names[label],
            presence=_round_presence(prediction, label),
            asked=prediction.asked is None or prediction.asked[label - first],
        )
        for label in range(first, len(prediction.names))
        if not there[label]
    ]


def _round_presence(prediction: Prediction, label: int) -> float | None:
    if prediction.presence is None:
        return None
    return round(prediction.presence[label - prediction.background], 4)


def describe_classes(found: list[dict], not_found: list[dict]) -> list[str]:
    """Say in a line what is in a picture, and in another what is not.

    Args:
        found (list[dict]): Of :func:`list_regions`; the largest comes first.
        not_found (list[dict]): Of :func:`list_missing`; the likeliest comes
            first.
    """

    def join(classes: list[dict]) -> str:
        return first_few(map(_describe_class, classes), 10, ' and {} more')

    found = sorted(found, key=lambda one: -one['area'])
    # Without a presence they stay in order.
    likely = sorted(not_found, key=lambda one: -(one['presence'] or 0))
    parts = {
        'not found': [one for one in likely if one['asked']],
        'not likely enough to be asked': [one for one in likely if not one['asked']],
    }
    missing = '; '.join(
        f'{why}: {join(those)}' for why, those in parts.items() if those
    )
    return [f'found: {join(found) or "nothing"}', *filter(None, [missing])]


def _share(per_cent: float) -> str:
    return '< 0.1 %' if per_cent < LEAST else f'{per_cent:.1f} %'


def _describe_class(one: dict) -> str:
    words = [join_lines(one['name'])]
    if 'per_cent' in one:
        words.append(_share(one['per_cent']))
    if one['presence'] is not None:
        words.append(f'(p {one["presence"]:.2f})')
    return ' '.join(words)


def draw_overlay(prediction: Prediction, labels: np.ndarray) -> Image.Image:
    """Draw the picture, its masks, and a legend below; RGB.

    See :func:`overlay_labels`. What would be 0.0 % is not in the legend, unless
    there is nothing else.
    """
    picture = Image.fromarray(
        overlay_labels(
            prediction.picture, labels, prediction.palette, prediction.background
        )
    )
    regions = list_regions(prediction, labels)
    shown = [one for one in regions if one['per_cent'] >= LEAST] or regions
    return _add_legend(picture, prediction, shown)


def _add_legend(
    picture: Image.Image, prediction: Prediction, regions: list[dict]
) -> Image.Image:
    """Draw a picture above what its colours mean, the largest region first."""
    width = max(picture.width, MIN_SIDE)
    size = min(max(width // 60, 14), 28)
    font = load_font(size)
    gap, line = size // 2, 2 * size
    entries, x, y = [], gap, picture.height + gap
    for region in sorted(regions, key=lambda region: -region['area']):
        share = f' {_share(region["per_cent"])}'
        name = ' '.join(region['name'].split())
        room = width - 4 * gap - font.getlength(share) - size
        if font.getlength(name) > room:
            fits = bisect_right(
                range(len(name)), room, key=lambda n: font.getlength(name[:n] + '…')
            )
            name = name[: max(fits - 1, 0)] + '…'
        length = size + gap + font.getlength(name + share)
        if x > gap and x + length > width - gap:
            x, y = gap, y + line
        entries.append((x, y, name + share, prediction.palette[region['label']]))
        x += length + 2 * gap
    warnings = list_warnings(prediction)
    top = line * len(warnings)
    canvas = Image.new('RGB', (width, top + y + line), 'white')
    canvas.paste(picture, (0, top))
    draw = ImageDraw.Draw(canvas)
    if top:
        draw.rectangle((0, 0, width, top - 1), fill='red')
    for k, text in enumerate(warnings):
        draw.text((gap, k * line + size), text, 'white', font, anchor='lm')
    for x, y, text, colour in entries:
        y += top
        draw.rectangle((x, y, x + size, y + size), tuple(colour), 'black')
        draw.text((x + size + gap, y + size // 2), text, 'black', font, anchor='lm')
    if not regions:
        draw.text(
            (gap, y + top + size // 2), 'nothing found', 'black', font, anchor='lm'
        )
    return canvas


def summarize(
    prediction: Prediction, labels: np.ndarray, picture: str, threshold: float | None
) -> dict:
    """Return what the JSON says, see docs/demo.md."""
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
        drawn_world=prediction.drawn_world,
        notes=list_warnings(prediction) + list(prediction.notes),
        model=prediction.provenance and asdict(prediction.provenance),
        found=list_regions(prediction, labels),
        not_found=list_missing(prediction, labels),
    )


def encode_json(summary: dict) -> bytes:
    """Return what :func:`summarize` says as a file has it."""
    return json.dumps(summary, indent=1, default=str).encode() + b'\n'


def save_results(
    prediction: Prediction, stem: Path, picture: str, threshold: float = 0.5
) -> dict:
    """Write what :func:`list_paths` names: all three, or nothing.

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
    summary = summarize(prediction, labels, picture, threshold)
    contents = []
    for image in (draw_overlay(prediction, labels), draw_mask(prediction, labels)):
        buffer = io.BytesIO()
        image.save(buffer, 'PNG')
        contents.append(buffer.getvalue())
    contents.append(encode_json(summary))
    with part_folder(stem.parent) as folder:
        for path, content in zip(list_paths(stem), contents):
            (folder / path.name).write_bytes(content)
        take_names(folder, list_paths(stem))
    return summary
