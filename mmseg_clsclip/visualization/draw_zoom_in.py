"""draw_zoom_in: a picture, its boxes, the mask of each region, the result."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from mmseg.structures import SegDataSample
from numpy.typing import ArrayLike

from ..datasets.masks import IGNORE
from ..utils.palette import distinct_colours
from .name_tags import is_dark
from .overlay import overlay_labels


def _show(axes: Axes, image: np.ndarray, title: str) -> None:
    """Show an image (H, W, 3) with a title."""
    axes.imshow(image)
    axes.set_title(title, fontsize=9, parse_math=False)
    axes.set_axis_off()


def _draw_box(axes: Axes, box: Sequence[float], name: str, colour: ArrayLike) -> None:
    """Draw a box (x1, y1, x2, y2) with its name."""
    x1, y1, x2, y2 = box
    # A pixel's centre, not its corner, is at whole numbers.
    axes.add_patch(
        Rectangle(
            (x1 - 0.5, y1 - 0.5),
            x2 - x1,
            y2 - y1,
            fill=False,
            linewidth=2,
            edgecolor=colour,
        )
    )
    axes.text(
        x1,
        y1 - 3,
        name,
        fontsize=8,
        parse_math=False,
        color='white' if is_dark(colour) else 'black',
        verticalalignment='bottom',
        bbox=dict(facecolor=colour, edgecolor='none', pad=1),
    )


def draw_zoom_in(
    picture: np.ndarray,
    sample: SegDataSample,
    palette: Sequence | None = None,
    max_regions: int = 6,
    out_file: str | None = None,
) -> np.ndarray:
    """Draw a result of :class:`mmseg_clsclip.ZoomIn`.

    From left to right: the picture and its boxes; the first regions, each
    with its own mask; the joined result. Label 0 stays clear.

    Args:
        picture (np.ndarray): (H, W, 3) uint8, RGB.
        sample (SegDataSample): ZoomIn's result for it. Without
            ``keep_masks=True`` the regions show the joined result instead of
            their own.
        palette (Sequence, optional): RGB of every label, 0 to 255. Defaults
            to :func:`distinct_colours`.
        max_regions (int): Most regions that are drawn.
        out_file (str, optional): Where to save it, in the suffix's format.

    Returns:
        np.ndarray: The drawing, (h, w, 3) uint8, RGB.
    """
    proposals = sample.proposals
    if palette is None:
        number = int(proposals.labels.max()) + 1 if len(proposals) else 1
        number = max(number, int(sample.pred_sem_seg.data.max()) + 1)
        palette = distinct_colours(number, background=True)
    palette = np.asarray(palette)
    label_map = sample.pred_sem_seg.data[0].cpu().numpy().astype(int)  # (H, W)
    number = min(len(proposals), max_regions)
    columns = 2 + (number + 1) // 2
    figure = Figure(figsize=(2.6 * columns, 4), layout='constrained')
    canvas = FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, columns, width_ratios=[2] + [1] * (columns - 2) + [2])

    boxes = figure.add_subplot(grid[:, 0])
    _show(boxes, picture, f'{len(proposals)} box{"es" * (len(proposals) != 1)}')
    names = proposals.get('names') or [''] * len(proposals)
    for box, label, name in zip(
        proposals.bboxes.tolist(), proposals.labels.tolist(), names
    ):
        _draw_box(boxes, box, name, palette[label] / 255)
    masks = proposals.get('masks')
    for k in range(number):
        x1, y1, x2, y2 = proposals.windows[k].tolist()
        mask = label_map[y1:y2, x1:x2] if masks is None else masks[k].numpy()
        mask = np.where(mask == IGNORE, 0, mask)  # of no class, so clear
        _show(
            figure.add_subplot(grid[k % 2, 1 + k // 2]),
            overlay_labels(picture[y1:y2, x1:x2], mask, palette),
            f'{names[k]} {proposals.scores[k]:.2f}',
        )
    result = overlay_labels(picture, label_map, palette)
    _show(figure.add_subplot(grid[:, -1]), result, 'joined')
    source = sample.get('proposal_source', '')
    figure.suptitle(source, fontsize=9, parse_math=False)
    if out_file is not None:
        figure.savefig(out_file)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
