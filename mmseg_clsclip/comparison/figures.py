"""Draws the bars of the classes."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..utils.palette import distinct_colours
from ..visualization.save_figure import save_figure

MAX_CLASSES = 30
DPI = 110


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
    colours = np.divide(distinct_colours(len(models)), 255)
    height = 0.8 / len(models)
    figure = Figure(
        figsize=(9, 1 + len(names) * max(0.3, 0.085 * len(models))),
        layout='constrained',
    )
    axes = figure.add_subplot()
    for k, model in enumerate(models):
        values = [per_class[model].get(name) or 0 for name in names]
        places = np.arange(len(names)) + (k - (len(models) - 1) / 2) * height
        axes.barh(places, values, height, color=colours[k])
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
    save_figure(figure, path, DPI)
    return words
