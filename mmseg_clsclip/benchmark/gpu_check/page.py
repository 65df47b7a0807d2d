"""The page of a check."""

from collections.abc import Sequence

from ...utils.markdown import markdown_table
from .part import Part
from .plan import Plan

# Of a traceback; the JSON file has all of it.
LINES = 12


def format_head(plan: Plan) -> str:
    """Return the title, and what the figures are not."""
    lines = [
        f'# Check of {plan.device}',
        'Random weights, but where it says otherwise, and pictures of noise: they '
        'change no time, and no accuracy is meant.',
    ]
    if plan.tiny:
        lines.append(
            '**A tiny run**: a small CLIP on small pictures, to try the check itself. '
            'No figure says anything about ClsCLIP.'
        )
    if plan.device.split(':')[0] == 'cpu':
        lines.append(
            '**On a CPU**: no figure says anything about a GPU, the numbers are '
            "the CPU's own, and memory is the peak of the whole process so far."
        )
    return '\n\n'.join(lines)


def format_part(part: Part, outcome: dict) -> str:
    """Return a part's heading, its rows as far as they came, and its error.

    Args:
        part (Part): What was measured.
        outcome (dict): With ``rows``, ``error`` and ``seconds``.
    """
    lines = [f'## {part.title}', part.note]
    if outcome['rows']:
        cells = [
            [cell(row) for cell in part.columns.values()] for row in outcome['rows']
        ]
        lines.append(markdown_table(list(part.columns), cells))
    if outcome['error']:
        told = outcome['error'].strip().splitlines()[-LINES:]
        lines += [
            f'**Failed** after {outcome["seconds"]:.0f} s:',
            '\n'.join(['```text', *told, '```']),
        ]
    return '\n\n'.join(lines)


def format_page(plan: Plan, parts: Sequence[Part], outcomes: dict[str, dict]) -> str:
    """Return the page of all parts that have begun."""
    sections = [
        format_part(part, outcomes[part.name])
        for part in parts
        if part.name in outcomes
    ]
    missing = [part.title for part in parts if part.name not in outcomes]
    if missing:
        sections.append(f'Not yet measured: {", ".join(missing)}.')
    return '\n\n'.join([format_head(plan), *sections]) + '\n'
