"""What the text tower reads in a name, and what it cannot."""

import numpy as np
import open_clip
import pytest
from mmseg.utils import dataset_aliases

from mmseg_clsclip.models.text_encoders.open_clip_text_encoder import (
    OpenCLIPTextEncoder,
)
from mmseg_clsclip.models.text_encoders.vocabulary import read_vocabulary

NAMES = ['red circle', 'blue square', 'ring']
PROMPTS = ['a {}', 'photo of a {}']


def build(clip, vocabulary=NAMES, **kwargs):
    return OpenCLIPTextEncoder(clip, vocabulary, **kwargs)


@pytest.mark.parametrize(
    'other',
    [
        'red  ring',
        'red\xa0ring',
        'RED ring',
        'red\nring',
        '\u2003red ring',
        'red&nbsp;ring',
        'red&#32;ring',
        'red\x07 ring',
        'red ring\ufeff',
        '\uff52\uff45\uff44 ring',
        '&#114;ed ring',
    ],
)
def test_names_that_are_read_alike_are_one_class(clip, other):
    for names in (['red ring', other], [other, 'x', ['ring', 'red ring']]):
        with pytest.raises(ValueError, match='could not tell them apart'):
            build(clip, names, templates=PROMPTS)


def test_names_are_compared_as_they_are_read(clip, tmp_path):
    with pytest.raises(
        ValueError,
        match=r"names 'caf\\xe9' and 'caf&eacute;' "
        'of classes 0 and 2 are one .* another name or prompt',
    ):
        build(clip, ['café', 'ring', 'caf&eacute;'])
    # NFC and NFD; CLIP's own reading is not asked.
    with pytest.raises(ValueError, match=r"'cafe\\u0301' stands twice"):
        read_vocabulary(['café', 'cafe\u0301'])
    with pytest.raises(ValueError, match="names 'tv' and 'telly' of"):
        build(clip, ['tv', 'telly'], prompts={'telly': 'TV'})
    build(clip, ['tv', 'a&b'], prompts={'tv': 'a&b', 'a&b': 'tv'})
    # Two names of one class do no harm, and embeddings are read by nobody.
    assert build(clip, [['a&b', 'a&amp;b'], 'ring'])().shape == (2, 16)
    np.save(tmp_path / 'a.npy', np.eye(2, 16, dtype=np.float32))
    build(clip, dict(embeddings=tmp_path / 'a.npy', names=['a&b', 'a&amp;b']))


@pytest.mark.parametrize(
    'name',
    [
        '\u200b',
        '\u200d\ufeff',
        '\u0301',
        '\x07\x1b',
        '\xad',
        '\u3164',
        '\u2800',
        '\u2028',
        '\ud800',
        '&nbsp;',
        '&#8203;',
        '&#x300;',
    ],
)
def test_a_name_without_anything_to_see_is_refused(clip, name):
    for what in (
        dict(vocabulary=['ring', name]),
        dict(vocabulary=[['ring', name]]),
        dict(prompts={'ring': name}),
    ):
        with pytest.raises(ValueError, match='something to see|Nothing is'):
            build(clip, **what)
    with pytest.raises(ValueError, match='Nothing is left of the name'):
        build(clip)([name])


def test_a_tokenizer_may_read_no_punctuation(clip):
    tokenizer = open_clip.tokenizer.SimpleTokenizer(
        context_length=20, clean='canonicalize'
    )
    other = clip._replace(tokenizer=tokenizer)
    with pytest.raises(ValueError, match=r"left of the name '\?!'"):
        build(other, ['ring', '?!'])
    with pytest.raises(ValueError, match="'wall-brick' and 'wallbrick'"):
        build(other, ['wall-brick', 'wallbrick'])
    # One that is a function alone is asked, too.
    other = clip._replace(tokenizer=lambda texts: tokenizer(texts))
    with pytest.raises(ValueError, match="'wall-brick' and 'wallbrick'"):
        build(other, ['wall-brick', 'wallbrick'])
    with pytest.raises(ValueError, match=r"left of the name '\?!'"):
        build(other, ['ring', '?!'])


@pytest.mark.parametrize('name', ['日本', '🐱', 'ß', '\U0001fae8', '!!!', '1'])
def test_names_of_any_script(clip, name):
    assert build(clip, [name, 'ring'])().shape == (2, 16)


@pytest.mark.parametrize('prompts', [None, 'plain'])
def test_no_data_set_has_names_that_are_read_alike(clip, prompts):
    other = clip._replace(tokenizer=open_clip.get_tokenizer('ViT-B-16'))
    encoder = build(other, prompts=prompts)
    for name in dataset_aliases:
        encoder.set_vocabulary(name)


def test_a_name_must_fit_into_the_context(clip):
    # 18 tokens, start and end are 20.
    build(clip, ['a ' * 18])
    with pytest.raises(ValueError, match='21 tokens .* this model reads 20'):
        build(clip, ['a ' * 19])
    with pytest.raises(ValueError, match='21 tokens .* this model reads 20'):
        build(clip, ['a ' * 18], templates=['a {}'])
    with pytest.raises(ValueError, match='21 tokens .* this model reads 20'):
        build(clip, [('ring', 'a ' * 19)])
    with pytest.raises(ValueError, match='21 tokens .* this model reads 20'):
        build(clip)(['a ' * 19])
    tokenizer = open_clip.get_tokenizer('ViT-B-16')
    with pytest.raises(ValueError, match='102 tokens .* this model reads 77'):
        build(clip._replace(tokenizer=tokenizer), ['cat ' * 100])
