"""Names of classes, from data sets and lists."""

import pytest
from mmseg.utils import dataset_aliases

from mmseg_clsclip.models.text_encoders.vocabulary import read_vocabulary


def test_names_of_data_sets():
    voc = read_vocabulary('voc')
    assert len(voc) == 20
    assert voc[0] == ('aeroplane',) and voc[-1] == ('tvmonitor',)
    shapes = read_vocabulary('shapes_5i')
    assert len(shapes) == 20 and shapes[0] == ('red circle',)


@pytest.mark.parametrize('name', sorted(dataset_aliases))
def test_every_data_set_of_mmseg_does(name):
    assert ('background',) not in read_vocabulary(name)


@pytest.mark.parametrize(
    'vocabulary, match',
    [
        ([], 'vocabulary is empty'),
        (None, 'must be a list, not a NoneType'),
        (dict(cat=['kitten']), 'must be a list, not a dict'),
        (['ring', ' '], "Class 1 of the vocabulary has the name ' '"),
        (['ring', 5], 'Class 1 of the vocabulary has the name 5'),
        (['ring', ()], 'Class 1 of the vocabulary has no name'),
        (['ring', 'cross', 'Ring'], "'Ring' stands twice .* classes 0 and 2"),
        (['ring', ('cross', 'ring')], "'ring' stands twice .* classes 0 and 1"),
        (['dog', 'cat', 'd\u200bog'], r"'d\\u200bog' stands twice .* 0 and 2"),
        (['dog', 'dog\u2060'], r"'dog\\u2060' stands twice"),
        (['do\xadg', 'DOG'], "'DOG' stands twice"),
        (['\u2764', '\u2764\ufe0f'], 'stands twice'),
        (['dog', 'dog\u3164'], 'stands twice'),
        (['dog', 'd\x00og'], 'stands twice'),
        (['cafe\u200b\u0301', 'caf\xe9'], 'stands twice'),
        ('vox', r"no data set that mmseg knows. Nearest: \['voc'.*\['vox'\]"),
    ],
)
def test_bad_vocabularies(vocabulary, match):
    with pytest.raises(ValueError, match=match):
        read_vocabulary(vocabulary)


def test_names_that_differ_to_the_eye():
    names = ['dog', 'dogs', 'd og', 'd\u00f6g', '\u0915', '\u0915\u093f', '\u2764']
    assert [name for (name,) in read_vocabulary(names)] == names
