"""What is printed of a data set: its classes, and what is wrong with it."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mmseg_clsclip_cli.messages import first_few

from ..datasets.masks import IGNORE
from .findings import Finding


def print_classes(
    title: str,
    classes: Sequence[str],
    areas: np.ndarray,
    novel: Collection[str],
    console: Console,
) -> None:
    """Print how often each class occurs.

    Args:
        title (str): Above the table.
        classes (Sequence[str]): In the order of the labels.
        areas (np.ndarray): Pixels of every label in each mask (N, 256).
        novel (Collection[str]): Names that are marked as new.
        console (Console): Where to.
    """
    total = areas.sum(0)  # (256,)
    table = Table(
        'label',
        'class',
        'pixels',
        '%',
        'pictures',
        box=box.SIMPLE,
        pad_edge=False,
        title_justify='left',
        title=title,
    )
    for column in table.columns:
        column.justify = 'left' if column.header == 'class' else 'right'
    share = 100 * total / max(total.sum(), 1)
    for label, name in [*enumerate(classes), (IGNORE, '(ignored)')]:
        table.add_row(
            str(label),
            escape(name) + ' (new)' * (name in novel),
            f'{total[label]:,}',
            f'{share[label]:.2f}',
            f'{(areas[:, label] > 0).sum():,}',
        )
    console.print(table)


def print_findings(found: Mapping[str, Sequence[Finding]], console: Console) -> int:
    """Print all findings by split, and return how many of them are errors."""
    colours = dict(error='red', warning='yellow')
    for split, findings in found.items():
        for finding in findings:
            level = f'[{colours[finding.level]}]{finding.level}[/]'
            console.print(f'{level} [bold]{split}[/]: ', end='')
            number = f': {len(finding.items)}' if finding.items else ''
            for line in (
                finding.what + number,
                *(
                    f'  {more}'
                    for more in (first_few(finding.items), finding.hint)
                    if more
                ),
            ):
                console.print(line, highlight=False, markup=False, soft_wrap=True)
    levels = [finding.level for findings in found.values() for finding in findings]
    errors, warnings = levels.count('error'), levels.count('warning')
    console.print(f'errors: {errors}, warnings: {warnings}', highlight=False)
    return errors
