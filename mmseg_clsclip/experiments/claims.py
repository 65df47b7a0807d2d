"""What the study says of claims, run by run."""

from collections.abc import Sequence
from statistics import mean

from .layout import FOLDS
from .results_file import FIGURES, WHOLE_FIGURES
from .rows import LONGER, whole_tests_of
from .runs import count_ahead, gains_over, runs_of
from .tables import table

LSEG, FILM = 'LSeg-style', 'CLIPSeg-style (FiLM)'
CHANNEL = 'ClsCLIP, text as channel weights'
TOKENS = 'ClsCLIP, four tokens a block'
# Of a claim who is to be ahead, and of whom.
CLAIMS = {
    "The paper's claims": {
        claim: (row, rival)
        for claim, row, rival in (
            ("a text in the [CLS]'s place navigates", 'ClsCLIP', 'text ignored'),
            ('that beats a text beside the decoder', 'ClsCLIP', LSEG),
            ('that beats a text in the decoder', 'ClsCLIP', FILM),
            ('that beats weights of the channels', 'ClsCLIP', CHANNEL),
            (
                'that beats weights of the patches',
                'ClsCLIP',
                'ClsCLIP, text as spatial weights',
            ),
            ('visual prompts are not needed', 'ClsCLIP', 'ClsCLIP, visual prompts'),
            ('blocks 2 to 4 beat block 0', 'ClsCLIP', 'ClsCLIP, block 0'),
            ('blocks 2 to 4 beat block 2', 'ClsCLIP', 'ClsCLIP, block 2'),
            (
                'blocks 2 to 4 beat the last three',
                'ClsCLIP',
                'ClsCLIP, blocks 5-7, the last three',
            ),
            ('blocks 2 to 4 beat all blocks', 'ClsCLIP', 'ClsCLIP, all blocks'),
            (
                'a projection a block beats one for all',
                'ClsCLIP',
                'ClsCLIP, one shared projection',
            ),
            ('the zoom-in helps, by its own boxes', 'ClsCLIP+, boxes: self', 'ClsCLIP'),
        )
    },
    'Beyond the paper': {
        'four tokens a block beat one': (TOKENS, 'ClsCLIP'),
        'sixteen beat four': ('ClsCLIP, sixteen tokens a block', TOKENS),
        '64 beat four': ('ClsCLIP, 64 tokens a block', TOKENS),
        'four in all blocks beat three': ('ClsCLIP, four tokens in all blocks', TOKENS),
        'four beside channel weights help': (
            'ClsCLIP, four tokens and channel weights',
            CHANNEL,
        ),
        'channel weights in the tower beat FiLM': (CHANNEL, FILM),
        'navigation helps FiLM': ('ClsCLIP, and FiLM in its decoder', FILM),
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
# Fewer runs that agree may do so by chance: four do once in eight times.
ENOUGH = 4
QUESTIONS = ('one name', 'all names', 'with a presence')


def claim_tables(lines: Sequence[dict], longer: Sequence[dict]) -> str:
    """Return the Markdown of what runs say of claims.

    Args:
        lines (Sequence[dict]): Of figures.
        longer (Sequence[dict]): Of longer trainings.
    """
    head = ['', *QUESTIONS, *(f'{LONGER:,}: {question}' for question in QUESTIONS)]
    text = ''
    for title, claims in CLAIMS.items():
        body = [
            [claim, *_verdicts(lines, row, rival), *_verdicts(longer, row, rival)]
            for claim, (row, rival) in claims.items()
        ]
        text += table(title, head, [cells for cells in body if any(cells[1:])])
    return f'{text}\n'


def _verdicts(lines: Sequence[dict], row: str, rival: str) -> list[str]:
    """Return a verdict for each question: by unseen classes, by all, by all."""
    figures = (FIGURES[0], *[WHOLE_FIGURES[0]] * 2)
    tests = zip((row, *whole_tests_of(row)), (rival, *whole_tests_of(rival)), figures)
    return [
        verdict(gains_over(*(runs_of(lines, test, FOLDS) for test in both), figure))
        for *both, figure in tests
    ]


def verdict(gains: Sequence[float]) -> str:
    """Return whether runs hold a claim, how many do, and the mean gain.

    Args:
        gains (Sequence[float]): Of each run over the other row's of the same fold
            and seed.

    Returns:
        str: ``'held: 12 of 12, +21.4'``; without a word where there are too few;
        nothing where there is none.
    """
    if not gains:
        return ''
    figures = f'{count_ahead(gains)}, {mean(gains):+.1f}'
    if len(gains) < ENOUGH:
        return figures
    if all(gain > 0 for gain in gains):
        return f'held: {figures}'
    if all(gain < 0 for gain in gains):
        return f'**not held**: {figures}'
    return f'undecided: {figures}'
