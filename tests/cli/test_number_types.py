"""What the tools take as numbers."""

import ast
from argparse import ArgumentTypeError
from math import inf
from pathlib import Path

import pytest

from mmseg_clsclip_cli.number_types import count, count_or_zero, positive

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    'read, text, number',
    [
        (count, '1', 1),
        (count, '300', 300),
        (count_or_zero, '0', 0),
        (positive, '0.5', 0.5),
        (positive, '1e-3', 0.001),
        (positive, 'inf', inf),
    ],
)
def test_numbers(read, text, number):
    assert read(text) == number


@pytest.mark.parametrize(
    'read, texts, words',
    [
        (count, ('0', '-1', '1.5', 'a', ''), 'no whole number above 0'),
        (count_or_zero, ('-1', '0.5', 'a'), 'no whole number from 0'),
        (positive, ('0', '-0.1', 'nan', 'a', ''), 'no number above 0'),
    ],
)
def test_what_is_none_is_said(read, texts, words):
    for text in texts:
        with pytest.raises(ArgumentTypeError, match=f'{text!r} is {words}'):
            read(text)


def test_the_tools_take_no_others():
    """But where the values are listed, and compare.py's budget, which may be 0."""
    bare = []
    for path in (ROOT / 'tools').rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text('utf-8'))):
            given = {k.arg: k.value for k in getattr(node, 'keywords', ())}
            kind = given.get('type')
            if isinstance(kind, ast.Name) and kind.id in ('int', 'float'):
                if 'choices' not in given:
                    bare.append(f'{path.name}: {node.args[0].value}')
    assert bare == ['compare.py: --budget']
