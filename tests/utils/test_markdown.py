"""Names and tables in Markdown."""

import re

import pytest

from mmseg_clsclip.utils.markdown import escape_markdown, markdown_table


@pytest.mark.parametrize(
    'text, escaped',
    [
        ('ClsCLIP+, boxes of yolov7.json', 'ClsCLIP+, boxes of yolov7.json'),
        ('drop_image 50.0', 'drop_image 50.0'),
        ('a|b', r'a\|b'),
        ('[x](http://y)', r'\[x\](http://y)'),
        ('<b>', r'\<b\>'),
        ('`x`', r'\`x\`'),
        ('**best**', r'\*\*best\*\*'),
        ('a\\|b', r'a\\\|b'),
        ('_a b_', r'\_a b\_'),
        ('&lt; $x$ ~~', r'\&lt; \$x\$ \~\~'),
        ('two\nlines', 'two lines'),
        ('# head', r'\# head'),
        ('1. first', r'1\. first'),
        ('- item', r'\- item'),
        ('-', '-'),
    ],
)
def test_what_markdown_would_read_is_escaped(text, escaped):
    assert escape_markdown(text) == escaped


def test_a_table_is_aligned_and_has_all_of_its_columns():
    table = markdown_table(
        ['model', 'mIoU', 'mIoU', 'note'],
        [['a', '**50.0**', 1, 'x'], ['bcdefg', 'failed']],
        text_columns=(0, 3),
    )
    head, rule, *rows = table.splitlines()
    assert [cell.strip() for cell in head.split('|')[1:-1]] == [
        'model',
        'mIoU',
        'mIoU',
        'note',
    ]
    assert re.fullmatch(r'\| ?:-+ ?\| ?-+: ?\| ?-+: ?\| ?:-+ ?\|', rule)
    assert len({len(line) for line in (head, rule, *rows)}) == 1
    assert rows[0].split('|')[2:4] == [' **50.0** ', '     1 ']
    assert [cell.strip() for cell in rows[1].split('|')[1:-1]] == [
        'bcdefg',
        'failed',
        '',
        '',
    ]
