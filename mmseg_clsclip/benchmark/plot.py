"""Draws what the benchmark measured."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from ..visualization.save_figure import save_figure


def _set_axes(axes: Axes, classes: list[int], title: str) -> None:
    """Label the numbers of classes that were measured, and no others."""
    axes.set_xscale('log')
    axes.set_xticks(classes, map(str, classes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel('classes (logarithmic)')
    axes.set_title(title, fontsize=11)
    axes.grid(alpha=0.3)
    axes.spines[['top', 'right']].set_visible(False)


def draw_rows(rows: list[dict], path: Path) -> None:
    """Draw time and memory by the number of classes, a line a config, as PNG.

    Memory begins at 0. Times of the naive path that were scaled from fewer classes
    have hollow marks.

    Args:
        rows (list[dict]): See :func:`measure_alone`.
        path (Path): Of the PNG.
    """
    figure = Figure(figsize=(8.4, 4.2), layout='constrained')
    time_axes, memory_axes = figure.subplots(1, 2)
    for number, config in enumerate(dict.fromkeys(row['config'] for row in rows)):
        own = sorted(
            (row for row in rows if row['config'] == config),
            key=lambda row: row['classes'],
        )
        classes = [row['classes'] for row in own]
        style = dict(color=f'C{number}', linewidth=2, markersize=6)
        name = Path(config).stem.split('_')[0]
        seconds = [row['seconds'] for row in own]
        time_axes.plot(classes, seconds, 'o-', label=name, **style)
        memory = [row['peak_memory_bytes'] / 2**30 for row in own]
        memory_axes.plot(classes, memory, 'o-', **style)
        naive = [row for row in own if row['naive_seconds']]
        if naive:
            label = f'{name}, naive path'
            if any(row['classes'] > row['naive_classes'] for row in naive):
                label += ' (hollow: scaled)'
            classes = [row['classes'] for row in naive]
            seconds = [row['naive_seconds'] for row in naive]
            time_axes.plot(classes, seconds, 's:', label=label, **style)
            for row in naive:
                if row['classes'] > row['naive_classes']:
                    point = row['classes'], row['naive_seconds']
                    time_axes.plot(*point, 's', markerfacecolor='white', **style)
    ticks = sorted({row['classes'] for row in rows})
    _set_axes(time_axes, ticks, 'seconds a batch (logarithmic)')
    time_axes.set_yscale('log')
    time_axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    time_axes.yaxis.set_minor_locator(NullLocator())
    time_axes.yaxis.set_major_formatter('{x:g}')
    _set_axes(memory_axes, ticks, 'peak memory, GiB')
    memory_axes.set_ylim(0, 1.1 * memory_axes.get_ylim()[1])
    figure.legend(loc='outside lower center', ncols=3, frameon=False, fontsize=10)
    first = rows[0]
    figure.suptitle(
        f'{first["size"]} x {first["size"]}, {first["dtype"]}, '
        f'{first["machine"].split(";")[0]}',
        fontsize=11,
    )
    save_figure(figure, path, dpi=120)
