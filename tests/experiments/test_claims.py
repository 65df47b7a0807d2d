"""Verdicts on claims, by runs of the same fold and seed."""

import pytest

from mmseg_clsclip.experiments import rows
from mmseg_clsclip.experiments.claims import CLAIMS, claim_tables, verdict


@pytest.mark.parametrize(
    ('gains', 'said'),
    [
        ([1, 2, 3, 4.4, 1, 1], 'held: 6 of 6, +2.1'),
        ([-1, -2, -3, -4.4, -1, -1], '**not held**: 0 of 6, -2.1'),
        ([1, 2, -3, 4.4, 1, 1], 'undecided: 5 of 6, +1.1'),
        # One that is neither ahead nor behind decides nothing.
        ([-1, -2, 0, -4.4, -1, -1], 'undecided: 0 of 6, -1.6'),
        # As far apart as two makings of one run.
        ([0.1, 0.9, 0.2, 0.3, 0.4, 0.5], 'level: 6 of 6, +0.4'),
        ([1, 2, 3, 4, 5], '5 of 5, +3.0'),
        ([], ''),
    ],
)
def test_a_verdict_is_what_all_runs_say(gains, said):
    assert verdict(gains) == said


def test_claims_are_of_rows():
    known = {name for row in rows.ROWS for name in rows.tests_of(row)}
    claims = [pair for of_title in CLAIMS.values() for pair in of_title.values()]
    assert {name for pair in claims for name in pair} <= known
    assert all(row != rival for row, rival in claims)


def lines_of(row, unseen, h, h_presence):
    run = dict(fold=1, seed=2)
    return [
        dict(run, row=row, miou_unseen=unseen),
        dict(run, row=f'{row}: whole vocabulary', hIoU=h, mIoU=50 - h),
        dict(run, row=f'{row}: whole vocabulary, presence', hIoU=h_presence),
    ]


def test_each_question_is_judged_by_its_own_figure():
    lines = lines_of('ClsCLIP', 60, 30, 50) + lines_of('LSeg-style', 65, 20, 50.5)
    longer = lines_of('ClsCLIP', 70, 30, 50)[:1] + lines_of('LSeg-style', 60, 1, 1)
    text = claim_tables(lines, longer, [1])
    title, _, head, _, claim, _, missing, *_ = text.strip().splitlines()
    assert title == "### The paper's claims"
    cells = [cell.strip() for cell in head.split('|')[2:-1]]
    assert cells[2:4] == ['with a presence', '12,000: one name']
    assert [cell.strip() for cell in claim.split('|')[1:-1]] == [
        'ClsCLIP beats LSeg-style',
        '0 of 1, -5.0',
        '1 of 1, +10.0',
        '0 of 1, -0.5',
        '1 of 1, +10.0',
        '',
        '',
    ]
    assert missing.startswith('Without a run yet: a text that navigates beats none; ')
    # Of folds that are in no table of the page nothing is said.
    assert claim_tables(lines, [], [0]) == '\n'


def test_what_is_equal_is_equal_though_means_are_not_exact():
    made_again = [
        figures for x in (61.1, 61.2) for figures in lines_of('ClsCLIP', x, 1, 1)
    ]
    text = claim_tables([*made_again, *lines_of('LSeg-style', 61.15, 1, 1)], [], [1])
    assert '| ClsCLIP beats LSeg-style | 0 of 1, +0.0 |' in text
