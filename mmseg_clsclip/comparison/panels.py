"""Draws the panels of pictures, and what their colours mean."""

import textwrap
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..datasets.masks import IGNORE, is_background
from ..utils.palette import distinct_colours
from ..visualization.overlay import UNKNOWN, overlay_labels
from ..visualization.save_figure import save_figure

MAX_NAMES = 24  # in the legend
WIDTH = 1.7  # of a panel, in inches
DPI = 110
ASKED = 'the class asked for'


def _paint(
    picture: np.ndarray, labels: np.ndarray, palette: list, background: bool
) -> np.ndarray:
    """Paint labels over a picture, or over white if it has another size."""
    if picture.shape[:2] != labels.shape:  # a letterbox around it, say
        picture = np.full((*labels.shape, 3), 255, np.uint8)
    return overlay_labels(picture, labels, palette, background)


def _list_colours(
    samples: list[dict], classes: list[str], palette: list, background: bool
) -> dict[str, list[int]]:
    """List names and colours of what is painted, the largest first."""
    maps = [m for s in samples for m in (s['truth'], *s['masks'].values())]
    areas = sum(np.bincount(labels.ravel(), minlength=256) for labels in maps)
    order = np.argsort(-areas, kind='stable').tolist()
    names = [
        label
        for label in order
        if areas[label] and background <= label < min(len(classes), IGNORE)
    ]
    colours = {classes[label]: palette[label] for label in names[:MAX_NAMES]}
    if len(names) > MAX_NAMES:
        colours[f'and {len(names) - MAX_NAMES} more'] = [255] * 3
    if any((sample['truth'] == IGNORE).any() for sample in samples):
        colours['not counted'] = [UNKNOWN] * 3
    return colours


def draw_pictures(different: dict, models: list[str], path: Path) -> None:
    """Draw a row a sample: the picture, the truth, each model's prediction.

    The background is left as it is, and a legend says what the colours mean.

    Args:
        different (dict): See :func:`most_different`.
        models (list[str]): In the order of the columns.
        path (Path): Of the PNG.
    """
    samples, columns = different['samples'], 2 + len(models)
    classes, palette = different['classes'], different['palette']
    if different['episodes']:
        classes, palette = ['background', ASKED], None
    background = is_background(classes[0])
    palette = palette or distinct_colours(len(classes), background)
    word = 'IoU' if different['episodes'] else 'right'
    figure = Figure(
        figsize=(WIDTH * columns, (WIDTH + 0.2) * len(samples) + 0.8),
        layout='constrained',
    )
    grid = figure.subplots(len(samples), columns, squeeze=False)
    for row, sample in zip(grid, samples):
        maps = [sample['truth'], *(sample['masks'][model] for model in models)]
        panels = [
            sample['picture'],
            *(_paint(sample['picture'], one, palette, background) for one in maps),
        ]
        below = [
            sample['title'],
            '',
            *(f'{word} {100 * sample["agreement"][model]:.0f} %' for model in models),
        ]
        for axes, panel, words in zip(row, panels, below):
            axes.imshow(panel)
            axes.set_xlabel(words, fontsize=9, parse_math=False)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        differ = f'{sample["name"]}\ndiffer {100 * sample["disagreement"]:.0f} %'
        row[0].set_ylabel(differ, fontsize=9, parse_math=False)
    for axes, title in zip(grid[0], ['picture', 'truth', *models]):
        words = textwrap.fill(title, 20)
        axes.set_title(words, fontsize=10, parse_math=False)
    colours = _list_colours(samples, classes, palette, background)
    legend = figure.legend(
        [Patch(color=np.divide(colour, 255)) for colour in colours.values()],
        [' '] * len(colours),  # a name that begins with an underscore would be hidden
        loc='outside lower center',
        ncols=max(1, int(columns * WIDTH / 1.6)),
        frameon=False,
        fontsize=9,
    )
    for text, name in zip(legend.get_texts(), colours):
        short = name if len(name) <= 22 else f'{name[:21]}…'
        text.set(text=short, parse_math=False)
    save_figure(figure, path, DPI)
