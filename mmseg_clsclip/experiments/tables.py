"""Markdown tables of results, between the markers of a page."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev

from ..utils.files import atomic_write
from ..utils.markdown import escape_markdown
from .price import count_name
from .results_file import FIGURES, JUDGED_BY, WHOLE_FIGURES, WHOLE_JUDGED_BY
from .rows import (
    ABLATIONS,
    BASELINES,
    FOUR_NAMES,
    LONGER,
    ROWS,
    TRAINING_FREE,
    config_of,
    tests_of,
    whole_tests_of,
)
from .runs import count_ahead, gains_over, runs_of, seed_means, whole_seeds

# Of whom a row is ahead: the method, and its strongest neighbour.
RIVALS = {'ahead of ClsCLIP': 'ClsCLIP', 'ahead of FiLM': 'CLIPSeg-style (FiLM)'}
HEADS = ('unseen', 'seen', 'small', 'FB-IoU', *RIVALS, 'seeds')
WHOLE_HEADS = ('whole', 'S', 'U', 'h', 'names asked', *RIVALS, 'seeds')


def summary(lines: list[dict], row: str, folds: Sequence[int]) -> list[str]:
    """Return a row of a table.

    Returns:
        list[str]: Its name; unseen classes' mean over seeds in each fold; of
        each figure the mean over folds, and its mean and spread over seeds;
        in how many runs it beats those of the same fold and seed of each of
        ``RIVALS``, by unseen classes; whole seeds.
    """
    runs = runs_of(lines, row, folds)
    cells = [escape_markdown(row)]
    for fold in folds:
        values = [
            run['miou_unseen'] for (of_fold, _), run in runs.items() if of_fold == fold
        ]
        cells.append(f'{mean(values):.1f}' if values else '')
    return [*cells, *_compared(lines, row, RIVALS.values(), FIGURES, JUDGED_BY, folds)]


def whole_summary(
    lines: list[dict], row: str, rivals: Iterable[str], folds: Sequence[int]
) -> list[str]:
    """Return a row of the table of the whole vocabulary.

    Args:
        lines (list[dict]): Of figures.
        row (str): Of :func:`whole_tests_of`.
        rivals (Iterable[str]): The same test of each of ``RIVALS``.
        folds (Sequence[int]): Of the table.

    Returns:
        list[str]: Its name, and what follows the folds in :func:`summary`; ahead
        by the harmonic mean.
    """
    cells = _compared(lines, row, rivals, WHOLE_FIGURES, WHOLE_JUDGED_BY, folds)
    return [escape_markdown(row), *cells]


def _compared(
    lines: list[dict],
    row: str,
    rivals: Iterable[str],
    figures: Sequence[str],
    judged_by: str,
    folds: Sequence[int],
) -> list[str]:
    """Return means and spreads, in how many runs it is ahead, whole seeds."""
    runs = runs_of(lines, row, folds)
    cells = [mean_and_spread(seed_means(runs, figure, folds)) for figure in figures]
    for rival in rivals:
        others = {} if row == rival else runs_of(lines, rival, folds)
        gains = gains_over(runs, others, judged_by)
        cells.append(count_ahead(gains) if gains else '')
    return [*cells, str(len(whole_seeds(runs, folds)))]


def mean_and_spread(values: Sequence[float]) -> str:
    """Return the mean over seeds, and their standard deviation."""
    spread = f' ± {stdev(values):.1f}' if len(values) > 1 else ''
    return f'{mean(values):.1f}{spread}' if values else ''


def tables(
    lines: list[dict],
    folds: Sequence[int],
    ablation_folds: Sequence[int],
    own: Collection[str] = (),
    longer: Sequence[dict] = (),
) -> str:
    """Return the Markdown of all rows that have a run; a table's means are alike.

    Args:
        lines (list[dict]): Of figures.
        folds (Sequence[int]): Of the baselines and the zoom-in.
        ablation_folds (Sequence[int]): Of the ablations, of the rows trained for
            vocabularies, and of tables that have all rows.
        own (Collection[str]): Rows that are none of the page's: they stand below
            the trained baselines, and there is no other table.
        longer (Sequence[dict]): Figures of longer trainings, which have tables of
            their own, last.
    """
    if own:
        rows = [*BASELINES, *own]
        one_name = [('Further rows', rows, folds)]
        all_names = [('All names at once', rows, folds)]
    else:
        baselines, zoom_in = [*BASELINES, *TRAINING_FREE], tests_of('ClsCLIP')
        one_name = [
            ('Baselines', baselines, folds),
            ('Zoom-in', zoom_in, folds),
            ('Ablations', [*BASELINES, *ABLATIONS], ablation_folds),
        ]
        if FOUR_NAMES.keys() & {line['row'] for line in lines}:
            rows = ['ClsCLIP', *FOUR_NAMES]
            one_name.append(('Trained for vocabularies', rows, ablation_folds))
        all_names = [
            ('Baselines, all names at once', baselines, folds),
            ('Zoom-in, all names at once', zoom_in, folds),
            ('All names at once', ROWS, ablation_folds),
        ]
    text = ''.join(_one_name(*kind, lines) for kind in one_name)
    text += ''.join(_all_names(*kind, lines) for kind in all_names)
    title = f'Trained for {LONGER:,} iterations'
    everyone = dict.fromkeys([*tests_of('ClsCLIP'), *ROWS])
    text += _one_name(title, everyone, ablation_folds, longer)
    title += ', all names at once'
    return text + _all_names(title, everyone, ablation_folds, longer) + '\n'


def _one_name(
    title: str, rows: Iterable[str], folds: Sequence[int], lines: Sequence[dict]
) -> str:
    made = {line['row'] for line in lines}
    body = [summary(lines, row, folds) for row in rows if row in made]
    return table(title, ['', *(f'fold {fold}' for fold in folds), *HEADS], body)


def _all_names(
    title: str, rows: Iterable[str], folds: Sequence[int], lines: Sequence[dict]
) -> str:
    made = {line['row'] for line in lines}
    rivals = list(zip(*map(whole_tests_of, RIVALS.values()), strict=True))
    body = [
        [*whole_summary(lines, name, same_test, folds), price(row)]
        for row in rows
        for name, same_test in zip(whole_tests_of(row), rivals, strict=True)
        if name in made
    ]
    return table(title, ['', *WHOLE_HEADS, 'MFLOP a name asked'], body)


def price(row: str) -> str:
    """Return what one more name costs a row of the page, in MFLOP."""
    return f'{count_name(config_of(row)) / 1e6:.1f}' if row in ROWS else ''


def table(title: str, head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table below its title; nothing, if it has no rows."""
    if not body:
        return ''
    return f'\n### {title}\n\n' + ''.join(
        f'| {" | ".join(cells)} |\n' for cells in (head, ['---'] * len(head), *body)
    )


def publish(texts: Mapping[str, str], page: Path) -> None:
    """Put tables between a page's markers.

    Args:
        texts (Mapping[str, str]): By the word of the marker they stand below.
        page (Path): Its file.

    Raises:
        ValueError: If it has no such markers.
    """
    content = page.read_text('utf-8')
    for word, text in texts.items():
        marked = re.compile(f'(?<=<!-- {word} -->\n).*?(?=<!-- end -->)', re.DOTALL)
        # Once: where nothing stood yet, what follows would be a match as well.
        content, found = marked.subn(text.replace('\\', r'\\'), content, count=1)
        if not found:
            raise ValueError(
                f'{page} has no place for {word}: write <!-- {word} --> and '
                '<!-- end -->, in lines of their own.'
            )
    with atomic_write(page) as file:
        file.write(content.encode())
