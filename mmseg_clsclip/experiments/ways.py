"""The study in one table: where a text enters, what that finds, what a name costs."""

from collections.abc import Sequence

from .claims import CHANNEL, FILM, LSEG, TOKENS
from .results_file import judged_tests
from .rows import LONGER
from .runs import runs_of, seed_means
from .tables import mean_and_spread, price, table

# Into the tower, into the decoder, behind both.
WAYS = (
    'text ignored',
    'ClsCLIP',
    'ClsCLIP, all blocks',
    TOKENS,
    'ClsCLIP, sixteen tokens a block',
    'ClsCLIP, 64 tokens a block',
    'ClsCLIP, four tokens in all blocks',
    'ClsCLIP, text as spatial weights',
    CHANNEL,
    'text as a token of the decoder',
    FILM,
    LSEG,
)
COLUMNS = ('unseen', 'seen', 'h', 'h with a presence')
HEAD = ('', *COLUMNS, 'MFLOP a name asked', *(f'{LONGER:,}: {x}' for x in COLUMNS))


def ways_table(
    lines: Sequence[dict], longer: Sequence[dict], folds: Sequence[int]
) -> str:
    """Return the Markdown of the ways in which a text can enter.

    Args:
        lines (Sequence[dict]): Of figures.
        longer (Sequence[dict]): Of longer trainings.
        folds (Sequence[int]): Of the means.
    """
    body = [
        [row, *_figures(lines, row, folds), price(row), *_figures(longer, row, folds)]
        for row in WAYS
        if any(line['row'] == row for line in lines)
    ]
    return table('Where a text enters', HEAD, body) + '\n'


def _figures(lines: Sequence[dict], row: str, folds: Sequence[int]) -> list[str]:
    """Return the cells of ``COLUMNS``; an empty one where no seed has all folds."""
    one_name, *all_names = judged_tests(row).items()
    return [
        mean_and_spread(seed_means(runs_of(lines, test, folds), figure, folds))
        for test, figure in (one_name, (row, 'miou_seen'), *all_names)
    ]
