"""Prompts in place of names, and templates around them."""

import pytest
from mmseg.utils import dataset_aliases

from mmseg_clsclip.models.text_encoders.prompts import (
    PLAIN_NAMES,
    TEMPLATES,
    read_prompts,
    read_templates,
)
from mmseg_clsclip.models.text_encoders.vocabulary import read_vocabulary


def test_clips_templates_have_a_name():
    assert len(TEMPLATES['clip']) == 80
    assert TEMPLATES['clip'][0] == 'a bad photo of a {}.'


def test_plain_words_for_odd_names():
    assert PLAIN_NAMES['wall-brick'] == 'brick wall'
    assert PLAIN_NAMES['building-other'] == 'building'
    assert PLAIN_NAMES['mirror-stuff'] == 'mirror'
    assert PLAIN_NAMES['diningtable'] == 'dining table'
    known = {n for a in dataset_aliases for n, *_ in read_vocabulary(a)}
    # An odd name that no data set has would be a mistake of ours.
    assert set(PLAIN_NAMES) <= known


@pytest.mark.parametrize(
    'templates, match',
    [
        (['a {}', 'a photo'], r"\['a photo'\] have no {} for the name"),
        ([], 'have no {} for the name'),
        ([5], r'\[5\] have no {}'),
        (
            'clips',
            r"'clips': write one of \['name', 'clip', 'maskclip'\], or a list of texts",
        ),
        (None, 'None: write one of .*or a list of texts'),
    ],
)
def test_bad_templates(templates, match):
    with pytest.raises(ValueError, match=match):
        read_templates(templates)


@pytest.mark.parametrize(
    'prompts, match',
    [
        ('clear', "prompts='clear': 'plain', or a dict"),
        (['x'], "'plain', or a dict"),
        ({'ring': ' '}, "prompt of 'ring' is ' '"),
        ({'ring': 5}, "prompt of 'ring' is 5"),
    ],
)
def test_bad_prompts(prompts, match):
    with pytest.raises(ValueError, match=match):
        read_prompts(prompts)


def test_maskclips_templates_are_clips_and_five():
    templates = read_templates('maskclip')
    assert len(set(templates)) == 85 and templates[:80] == read_templates('clip')
    assert templates[80] == 'there is a {} in the scene.'
    assert templates[84] == 'this is one {} in the scene.'
