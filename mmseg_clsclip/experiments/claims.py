"""What the study says of claims, run by run."""

from collections.abc import Sequence
from statistics import mean

from .results_file import judged_tests
from .rows import LONGER
from .runs import count_ahead, gains_over, runs_of
from .tables import table

LSEG, FILM = 'LSeg-style', 'CLIPSeg-style (FiLM)'
CHANNEL = 'ClsCLIP, text as channel weights'
TOKENS = 'ClsCLIP, four tokens a block'
# Of a claim who is to be ahead, and of whom.
CLAIMS = {
    "The paper's claims": {
        'a text that navigates beats none': ('ClsCLIP', 'text ignored'),
        'ClsCLIP beats LSeg-style': ('ClsCLIP', LSEG),
        'ClsCLIP beats CLIPSeg-style (FiLM)': ('ClsCLIP', FILM),
        'a token beats channel weights': ('ClsCLIP', CHANNEL),
        'a token beats spatial weights': (
            'ClsCLIP',
            'ClsCLIP, text as spatial weights',
        ),
        'a frozen tower beats one with visual prompts': (
            'ClsCLIP',
            'ClsCLIP, visual prompts',
        ),
        'block 2 beats block 0': ('ClsCLIP, block 2', 'ClsCLIP, block 0'),
        'blocks 2 to 4 beat the last three': (
            'ClsCLIP',
            'ClsCLIP, blocks 5-7, the last three',
        ),
        'blocks 2 to 4 beat all blocks': ('ClsCLIP', 'ClsCLIP, all blocks'),
        "zooming into a detector's boxes helps": (
            'ClsCLIP+, boxes: detector',
            'ClsCLIP',
        ),
        'zooming into the true boxes helps': (
            'ClsCLIP+, boxes: ground truth',
            'ClsCLIP',
        ),
    },
    'Beyond the paper': {
        'zooming into boxes of its own helps': ('ClsCLIP+, boxes: self', 'ClsCLIP'),
        'three blocks beat one': ('ClsCLIP', 'ClsCLIP, block 2'),
        'a projection a block beats one for all': (
            'ClsCLIP',
            'ClsCLIP, one shared projection',
        ),
        'four tokens a block beat one': (TOKENS, 'ClsCLIP'),
        'sixteen beat four': ('ClsCLIP, sixteen tokens a block', TOKENS),
        '64 beat four': ('ClsCLIP, 64 tokens a block', TOKENS),
        'four in all blocks beat three': ('ClsCLIP, four tokens in all blocks', TOKENS),
        'four beside channel weights help': (
            'ClsCLIP, four tokens and channel weights',
            CHANNEL,
        ),
        'channel weights beat FiLM': (CHANNEL, FILM),
        'navigation beside FiLM helps': ('ClsCLIP, and FiLM in its decoder', FILM),
        **{
            f'training for vocabularies helps {name}': (f'{row}, four names', row)
            for name, row in {
                'ClsCLIP': 'ClsCLIP',
                'channel weights': CHANNEL,
                'LSeg-style': LSEG,
                'FiLM': FILM,
            }.items()
        },
    },
}
# Three seeds of two folds. Fewer runs agree by chance more than once in 16 times.
ENOUGH = 6
# Points: of one name means over the same runs, made again, differ by as much.
LEVEL = 0.5
QUESTIONS = ('one name', 'all names', 'with a presence')


def claim_tables(
    lines: Sequence[dict], longer: Sequence[dict], folds: Sequence[int]
) -> str:
    """Return the Markdown of what runs say of claims.

    Args:
        lines (Sequence[dict]): Of figures.
        longer (Sequence[dict]): Of longer trainings.
        folds (Sequence[int]): Of whose runs all count.
    """
    head = ['', *QUESTIONS, *(f'{LONGER:,}: {question}' for question in QUESTIONS)]
    text = ''
    for title, claims in CLAIMS.items():
        body = [
            [claim, *_verdicts(lines, *rows, folds), *_verdicts(longer, *rows, folds)]
            for claim, rows in claims.items()
        ]
        judged = [cells for cells in body if any(cells[1:])]
        missing = [claim for claim, *cells in body if not any(cells)]
        text += table(title, head, judged)
        if judged and missing:
            text += f'\nWithout a run yet: {"; ".join(missing)}.\n'
    return f'{text}\n'


def _verdicts(
    lines: Sequence[dict], row: str, rival: str, folds: Sequence[int]
) -> list[str]:
    """Return a verdict for each question."""
    return [
        verdict(
            gains_over(
                runs_of(lines, test, folds), runs_of(lines, other, folds), figure
            )
        )
        for (test, figure), other in zip(
            judged_tests(row).items(), judged_tests(rival), strict=True
        )
    ]


def verdict(gains: Sequence[float]) -> str:
    """Return whether runs hold a claim, how many do, and the mean gain.

    Args:
        gains (Sequence[float]): Of each run over the other row's of the same fold
            and seed, in points.

    Returns:
        str: ``'held: 12 of 12, +21.4'``; without a word where there are too few;
        nothing where there is none.
    """
    if not gains:
        return ''
    figures = f'{count_ahead(gains)}, {mean(gains):+.1f}'
    if len(gains) < ENOUGH:
        return figures
    if abs(mean(gains)) < LEVEL:
        return f'level: {figures}'
    if all(gain > 0 for gain in gains):
        return f'held: {figures}'
    if all(gain < 0 for gain in gains):
        return f'**not held**: {figures}'
    return f'undecided: {figures}'
