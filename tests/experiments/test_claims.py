"""Verdicts on claims, by runs of the same fold and seed."""

import pytest

from mmseg_clsclip.experiments import rows
from mmseg_clsclip.experiments.claims import CLAIMS, claim_tables, verdict


@pytest.mark.parametrize(
    ('gains', 'said'),
    [
        ([1, 2, 3, 4.4], 'held: 4 of 4, +2.6'),
        ([-1, -2, -3, -4.4], '**not held**: 0 of 4, -2.6'),
        ([1, 2, -3, 4.4], 'undecided: 3 of 4, +1.1'),
        # One that is neither ahead nor behind decides nothing.
        ([-1, -2, 0, -4.4], 'undecided: 0 of 4, -1.9'),
        ([1, 2, 3], '3 of 3, +2.0'),
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


def lines_of(row, unseen, whole, presence):
    run = dict(fold=1, seed=2)
    return [
        dict(run, row=row, miou_unseen=unseen),
        dict(run, row=f'{row}: whole vocabulary', mIoU=whole),
        dict(run, row=f'{row}: whole vocabulary, presence', mIoU=presence),
    ]


def test_each_question_is_judged_by_its_own_figure():
    lines = lines_of('ClsCLIP', 60, 30, 50) + lines_of('LSeg-style', 65, 20, 50.5)
    longer = lines_of('ClsCLIP', 70, 30, 50)[:1] + lines_of('LSeg-style', 60, 1, 1)
    title, _, head, _, *body = claim_tables(lines, longer).strip().splitlines()
    assert title == "### The paper's claims"
    cells = [cell.strip() for cell in head.split('|')[2:-1]]
    assert cells[2:4] == ['with a presence', '12,000: one name']
    # What no run speaks of has no line.
    (claim,) = body
    assert [cell.strip() for cell in claim.split('|')[1:-1]] == [
        'that beats a text beside the decoder',
        '0 of 1, -5.0',
        '1 of 1, +10.0',
        '0 of 1, -0.5',
        '1 of 1, +10.0',
        '',
        '',
    ]
