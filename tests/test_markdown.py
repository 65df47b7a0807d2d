"""Names in Markdown."""
import pytest

from mmseg_clsclip.markdown import as_text


@pytest.mark.parametrize('text, shown', [
    ('red mug', 'red mug'), ('a|b', r'a\|b'), ('`a`', r'\`a\`'),
    ('<img src=x>', r'\<img src=x\>'), ('[a](b)', r'\[a\](b)'),
    ('**a**', r'\*\*a\*\*'), ('a\n\n# b', 'a # b'), ('a\\|b', r'a\\\|b'),
    ('clsclip_vit-b16', 'clsclip_vit-b16'), ('&lt;', r'\&lt;')])
def test_it_is_shown_as_it_is(text, shown):
    assert as_text(text) == shown
