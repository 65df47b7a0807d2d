"""Draws the bars of the classes and the panel of pictures."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..utils.files import atomic_write
from ..utils.palette import distinct_colours
from ..visualization.overlay import overlay_labels

MAX_CLASSES = 30


def _save(figure: Figure, path: Path) -> None:
    with atomic_write(path) as file:
        figure.savefig(file, format='png', dpi=110)


def draw_classes(per_class: dict[str, dict], path: Path, unseen: list[str] = ()) -> str:
    """Draw bars of the IoU of each class, a colour a model.

    Args:
        per_class (dict[str, dict]): IoU by class, by model.
        path (Path): Of the PNG.
        unseen (list[str]): Classes that are marked, and come first.

    Returns:
        str: What is drawn, in words.
    """
    names = list(dict.fromkeys(name for iou in per_class.values() for name in iou))

    def spread(name: str) -> float:
        ious = [iou[name] for iou in per_class.values() if iou.get(name) is not None]
        return max(ious) - min(ious) if ious else -1

    words = 'IoU of every class, per cent'
    if len(names) > MAX_CLASSES:
        words = (
            f'IoU of the {MAX_CLASSES} of {len(names)} classes in which '
            'models differ most, per cent'
        )
        names = sorted(names, key=spread)[-MAX_CLASSES:][::-1]
    marked = [name for name in names if name in unseen]
    if 0 < len(marked) < len(names):
        names = marked + [name for name in names if name not in unseen]
        words += '; unseen classes come first and are in bold'
    models = list(per_class)
    height = 0.8 / len(models)
    figure = Figure(
        figsize=(9, 1 + len(names) * max(0.3, 0.085 * len(models))),
        layout='constrained',
    )
    axes = figure.add_subplot()
    for k, model in enumerate(models):
        values = [per_class[model].get(name) or 0 for name in names]
        places = np.arange(len(names)) + (k - (len(models) - 1) / 2) * height
        axes.barh(places, values, height, color=f'C{k}')
    axes.set_yticks(range(len(names)), names, parse_math=False)
    for label, name in zip(axes.get_yticklabels(), names):
        label.set_fontweight('bold' if name in marked else 'normal')
    axes.set_ylim(len(names) - 0.5, -0.5)  # the first on top
    axes.set_xlim(0, 100)
    axes.grid(axis='x', alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[['top', 'right']].set_visible(False)
    # A label of its own would be hidden if it begins with an underscore.
    legend = figure.legend(
        axes.containers,
        [' '] * len(models),
        loc='outside upper left',
        ncols=4,
        frameon=False,
    )
    for text, model in zip(legend.get_texts(), models):
        text.set(text=model, parse_math=False)
    _save(figure, path)
    return words


def _overlay(picture: np.ndarray, labels: np.ndarray, palette) -> np.ndarray:
    """Lay labels over a picture in grey; 0 is faint."""
    if picture.shape[:2] != labels.shape:  # a letterbox around it, say
        picture = np.full((*labels.shape, 3), 255, np.uint8)
    colours = np.full((256, 3), 128.0)
    colours[: len(palette)] = palette
    grey = picture.mean(axis=2, keepdims=True)
    return overlay_labels(grey, labels, colours, [0.3, *[0.8] * 255]) / 255


def draw_pictures(different: dict, models: list[str], path: Path) -> None:
    """Draw a row a sample: the picture, the truth, each model's prediction.

    Args:
        different (dict): See :func:`most_different`.
        models (list[str]): In the order of the columns.
        path (Path): Of the PNG.
    """
    samples, columns = different['samples'], 2 + len(models)
    palette = not different['episodes'] and different['palette']
    palette = palette or distinct_colours(256, background=True)
    word = 'IoU' if different['episodes'] else 'right'
    figure = Figure(
        figsize=(1.65 * columns, 1.85 * len(samples) + 0.3), layout='constrained'
    )
    grid = figure.subplots(len(samples), columns, squeeze=False)
    for row, sample in zip(grid, samples):
        panels = [
            sample['picture'] / 255,
            _overlay(sample['picture'], sample['truth'], palette),
        ]
        below = [sample['title'], f'differ {100 * sample["disagreement"]:.0f} %']
        for model in models:
            panels.append(_overlay(sample['picture'], sample['masks'][model], palette))
            below.append(f'{word} {100 * sample["agreement"][model]:.0f} %')
        for axes, panel, words in zip(row, panels, below):
            axes.imshow(panel, interpolation='nearest')
            axes.set_xlabel(words, fontsize=9, parse_math=False)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        row[0].set_ylabel(sample['name'], fontsize=7, parse_math=False)
    for axes, title in zip(grid[0], ['picture', 'truth', *models]):
        axes.set_title(title, fontsize=10, parse_math=False)
    _save(figure, path)
