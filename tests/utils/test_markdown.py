"""Names in Markdown."""

import pytest

from mmseg_clsclip.utils.markdown import escape_markdown


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
