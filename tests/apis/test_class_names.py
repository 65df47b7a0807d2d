"""Names as they are written."""

import pytest

from mmseg_clsclip.apis.class_names import split_synonyms


@pytest.mark.parametrize(
    'text, names',
    [
        ('red mug', ['red mug']),
        ('a, b,c ', ['a', 'b', 'c']),
        ('a,', ['a', '']),
        (r'a\, b, c', ['a, b', 'c']),
        (r'\,', [',']),
        (r'a\b', [r'a\b']),
        (r'\,a\,,b\,', [',a,', 'b,']),
    ],
)
def test_synonyms_are_between_commas(text, names):
    assert split_synonyms(text) == names
