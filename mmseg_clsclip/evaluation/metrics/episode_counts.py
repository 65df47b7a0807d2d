"""Pixels of episodes, added up by class and size, and figures made of them."""

from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass

from prettytable import PrettyTable

from ...utils.markdown import escape_markdown
from .iou import iou_in_percent, mean_of_numbers, none_for_nan

SIZES = ('small', 'medium', 'large')


@dataclass(frozen=True)
class PixelCounts:
    """Pixels of some episodes.

    Attributes:
        episodes (int): How many there are.
        intersection (int): Foreground in the truth and in the prediction.
        union (int): Foreground in either.
        bg_intersection (int): Background in the truth and in the prediction.
        bg_union (int): Background in either.
    """

    episodes: int = 0
    intersection: int = 0
    union: int = 0
    bg_intersection: int = 0
    bg_union: int = 0

    def __add__(self, other: 'PixelCounts') -> 'PixelCounts':
        return PixelCounts(*map(sum, zip(astuple(self), astuple(other))))

    @property
    def iou(self) -> float:
        """IoU of the foreground in per cent, NaN without any pixel."""
        return float(iou_in_percent(self.intersection, self.union))

    @property
    def fb_iou(self) -> float:
        """Mean of the foreground's and the background's IoU in per cent."""
        return (
            self.iou + float(iou_in_percent(self.bg_intersection, self.bg_union))
        ) / 2


# Of the episodes of a class, by the size of their true masks.
CountsBySize = dict[str, PixelCounts]


def total(counts: Iterable[PixelCounts]) -> PixelCounts:
    """Return the sum of counts."""
    return sum(counts, PixelCounts())


def episode_figures(
    counts: dict[str, CountsBySize], novel_classes: Collection[str]
) -> dict[str, float | dict]:
    """Return the figures of :class:`EpisodeIoUMetric`.

    Args:
        counts (dict[str, CountsBySize]): By class.
        novel_classes (Collection[str]): Names of the unseen classes.

    Returns:
        dict: Figures in per cent by name, and ``per_class``.
    """
    of_class = {name: total(sizes.values()) for name, sizes in counts.items()}
    unseen = [name for name in counts if name in novel_classes]
    seen = [name for name in counts if name not in novel_classes]
    figures = {}
    for group, names in (('unseen', unseen), ('seen', seen)):
        if names:
            figures[f'miou_{group}'] = mean_of_numbers(
                of_class[name].iou for name in names
            )
    figures['fb_iou'] = total(of_class[name] for name in unseen or seen).fb_iou
    for size in SIZES:
        sized = [counts[name][size] for name in unseen if size in counts[name]]
        if sized:
            figures[f'miou_unseen_{size}'] = mean_of_numbers(c.iou for c in sized)
    figures['per_class'] = none_for_nan({name: c.iou for name, c in of_class.items()})
    return figures


def episode_table(
    counts: dict[str, CountsBySize], novel_classes: Collection[str]
) -> PrettyTable:
    """Return a table with a row a class: its episodes and its IoU, by size, too.

    Args:
        counts (dict[str, CountsBySize]): By class.
        novel_classes (Collection[str]): Names of the unseen classes.
    """
    table = PrettyTable(['class', 'group', 'episodes', 'IoU', *SIZES])
    for name, sizes in counts.items():
        all_sizes = total(sizes.values())
        columns = [all_sizes, *(sizes.get(size, PixelCounts()) for size in SIZES)]
        table.add_row(
            [
                escape_markdown(name),
                'unseen' if name in novel_classes else 'seen',
                all_sizes.episodes,
                *(f'{c.iou:.2f}' if c.union else '-' for c in columns),
            ]
        )
    return table
