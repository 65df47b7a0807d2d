"""Results files of detectors: whose boxes, of what, and what is wrong."""

import json
import re

import pytest
import torch
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_clsclip.datasets.coco import COCO_TO_VOC
from mmseg_clsclip.proposals import base, coco_results, detector

VOC = dict(person=15, aeroplane=1, tvmonitor=20)


@pytest.fixture
def logged(monkeypatch):
    lines = []
    for module in (base, coco_results, detector):
        monkeypatch.setattr(module, 'warn', lines.append)
    return lines


@pytest.fixture
def write(tmp_path):

    def write(content, name='results.json'):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


def entry(image_id='2007_000033', category_id=5, bbox=(2, 3, 10, 20), score=0.9):
    return dict(
        image_id=image_id, category_id=category_id, bbox=list(bbox), score=score
    )


def build(file, **kwargs):
    return MODELS.build(dict(type='COCOResultsProposals', file=file, **kwargs))


def ask(proposals, *stems, wanted=VOC):
    pictures = [torch.zeros(3, 40, 50, dtype=torch.uint8)] * len(stems)
    samples = [
        SegDataSample(metainfo=dict(img_path=f'/data/JPEGImages/{stem}.jpg'))
        for stem in stems
    ]
    return proposals(pictures, samples, [wanted] * len(stems), None)


@pytest.mark.parametrize(
    'image_id, stem',
    [
        ('2007_000033', '2007_000033'),
        (2007000033, '2007_000033'),
        (139, '000000000139'),
        ('000139', '139'),
        ('cologne_01', 'cologne_01'),
    ],
)
def test_a_picture_is_found_by_its_file_name(write, image_id, stem):
    found, other = ask(build(write([entry(image_id)])), stem, 'other')
    assert found.bboxes.tolist() == [[2, 3, 12, 23]]
    assert found.names == ['aeroplane'] and found.labels.tolist() == [1]
    assert len(other) == 0


def test_ids_that_only_look_alike_are_not_mixed_up(write):
    file = write([entry('1_23'), entry('12_3', bbox=(0, 0, 5, 5))])
    found, other, none = ask(build(file), '1_23', '12_3', '123')
    assert found.bboxes.tolist() == [[2, 3, 12, 23]]
    assert other.bboxes.tolist() == [[0, 0, 5, 5]] and len(none) == 0


def test_pictures_that_only_look_alike_are_not_mixed_up(write):
    found, none = ask(build(write([entry('1_23')])), '1_23', '12_3')
    assert len(found) == 1 and len(none) == 0
    proposals = build(write([entry('0123')]))
    assert len(ask(proposals, '123')[0]) == 1
    proposals.check_pictures(['/data/0123.jpg', '/data/123.jpg'])
    found, none = ask(proposals, '0123', '123')
    assert len(found) == 1 and len(none) == 0


def test_pictures_of_one_name_in_two_folders_are_refused(write):
    paths = ['/data/a/0001.jpg', '/data/b/0001.jpg', '/data/b/0001.jpg']
    proposals = build(write([entry('0001')]))
    proposals.check_pictures([])  # a data set that does not tell them
    proposals.check_pictures(paths[1:])
    with pytest.raises(ValueError, match='a/0001.jpg, .*share theirs'):
        proposals.check_pictures(paths)
    annotations = write(
        dict(
            images=[
                dict(file_name='a/0001.jpg', id=1),
                dict(file_name='b/0001.jpg', id=2),
            ]
        ),
        'annotations.json',
    )
    with pytest.raises(ValueError, match="several pictures are called '0001'"):
        build(write([entry(1)]), ann_file=annotations)


@pytest.mark.parametrize(
    'categories, ids',
    [
        (None, (1, 5, 72)),
        ('coco91', (1, 5, 72)),
        ('coco80', (0, 4, 62)),
        ({7: 'person', '8': 'airplane', 9: 'tv'}, (7, 8, 9)),
    ],
)
def test_categories(write, categories, ids, logged):
    entries = [entry(category_id=k, score=s) for k, s in zip(ids, (0.9, 0.8, 0.7))]
    (found,) = ask(build(write(entries), categories=categories), '2007_000033')
    assert found.names == ['person', 'aeroplane', 'tvmonitor'] and not logged


def test_cocos_tables():
    names = detector.coco_categories()
    gaps = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
    assert set(names) == set(range(1, 91)) - gaps and len(names) == 80
    from mmseg.utils import get_classes

    assert tuple(names.values()) == tuple(get_classes('cocostuff')[:80])
    assert set(COCO_TO_VOC) < set(names.values())
    # Every class of VOC can be proposed by a detector of COCO's.
    voc = set(get_classes('voc')) - {'background'}
    assert voc <= {COCO_TO_VOC.get(n, n) for n in names.values()}


def test_a_wanted_name_stands_for_itself_before_the_map(write):
    (found,) = ask(build(write([entry()])), '2007_000033', wanted=dict(airplane=4))
    assert found.labels.tolist() == [4]
    proposals = build(write([entry()]), label_map=dict(airplane='jet'))
    (found,) = ask(proposals, '2007_000033', wanted=dict(jet=1))
    assert found.names == ['jet']
    with pytest.raises(ValueError, match='label_map='):
        build(write([entry()]), label_map=['airplane'])


def test_classes_that_can_never_be_found_are_named_once(write, logged):
    proposals = build(write([entry()]))
    for _ in range(2):
        ask(proposals, '2007_000033', wanted=dict(person=1, unicorn=2))
    assert len(logged) == 1 and "no box of ['unicorn']" in logged[0]


def test_unknown_categories_are_counted_and_reported(write, logged):
    file = write(
        [entry(), entry(category_id=12), entry(category_id=999), entry(category_id=999)]
    )
    proposals = build(file)
    assert '3 boxes have a' in logged[0] and '999: 2 boxes' in logged[0]
    assert '3 boxes of an unknown category_id' in proposals.report()
    assert len(ask(proposals, '2007_000033')[0]) == 1
    with pytest.raises(ValueError, match='3 boxes have a category_id'):
        build(write([entry(category_id=999)] * 3))


def test_ids_that_cannot_be_cocos_own_are_not_guessed_to_be(write, logged):
    file = write([entry(category_id=0), entry(category_id=5)])
    with pytest.raises(ValueError, match="categories='coco80' if"):
        build(file)
    # Unless someone says so.
    assert len(ask(build(file, categories='coco91'), '2007_000033')[0]) == 1
    assert '0: 1 boxes' in logged[0]


def test_bad_boxes_of_a_file(write):
    file = write(
        [
            entry(),
            entry(bbox=(5, 5, -3, 4)),
            entry(bbox=(5, 5, 0, 4)),
            entry(bbox=(70, 5, 5, 5)),
            entry(bbox=(float('nan'), 1, 2, 3)),
            entry(score=float('nan')),
        ]
    )
    proposals = build(file)
    (found,) = ask(proposals, '2007_000033')
    assert len(found) == 1 and sum(proposals.counts.values()) == 5


def test_a_broken_file_says_where(write):
    file = write('[\n  {"image_id": 1, "bbox": [1, 2 3, 4]}\n]')
    with pytest.raises(ValueError, match='line 2, column 33'):
        build(file)
    with pytest.raises(ValueError, match='holds a dict.*list of image_id'):
        build(write(dict(images=[], annotations=[])))
    with pytest.raises(ValueError, match='entry 1, is .*needs image_id'):
        build(write([entry(), dict(image_id=3)]))
    for wrong in (
        dict(bbox=(1, 2, 3)),
        dict(bbox='none'),
        dict(category_id='dog'),
        dict(score=None),
        dict(category_id=1e400),
        dict(category_id=1.5),
        dict(category_id=float('nan')),
        dict(score=10**400),
        dict(bbox=(1, 2, 10**400, 4)),
    ):
        with pytest.raises(ValueError, match='entry 0'):
            build(write([{**entry(), **wrong}]))
    with pytest.raises(FileNotFoundError, match='nowhere.json'):
        build('nowhere.json')
    with pytest.raises(ValueError, match="categories='voc'"):
        build(write([]), categories='voc')
    for number in ('x', 1.5, float('inf'), None):
        with pytest.raises(ValueError, match='ids are whole numbers'):
            build(write([]), categories={number: 'dog'})


def test_a_file_of_other_pictures_is_refused(write, logged):
    file = write([entry('a'), entry('b')])
    with pytest.raises(ValueError, match='no id in common.*has a, b; .* x, y'):
        build(file).check_pictures(['in/x.jpg', 'in/y.jpg'])
    proposals = build(file, patience=3)
    ask(proposals, 'x', 'x', 'y')  # two pictures
    with pytest.raises(ValueError, match='no id in common'):
        ask(proposals, 'z')
    # One that fits is enough.
    proposals = build(file, patience=3)
    ask(proposals, 'x', 'a', 'y', 'z', 'w')
    assert '4 pictures that are not in the file' in proposals.report()
    with pytest.raises(ValueError, match='no box at all'):
        build(write([])).check_pictures(['x.jpg'])


def test_missing_pictures_are_counted_beforehand(write, logged):
    proposals = build(write([entry('a')]))
    proposals.check_pictures(['a.jpg', 'b.jpg', 'c.jpg', 'b.jpg'])
    assert '2 of 3 pictures' in logged[0] and 'b, c' in logged[0]
    ask(proposals, 'a', 'b', 'c')
    assert len(logged) == 1  # said already


def test_annotations_say_which_picture_has_which_id(write, logged):
    truth = dict(
        images=[dict(id=17, file_name='val/one.jpg'), dict(id=18, file_name='two.jpg')],
        categories=[dict(id=3, name='person')],
    )
    ann_file = write(truth, 'truth.json')
    proposals = build(write([entry(17, 3)]), ann_file=ann_file)
    one, two = ask(proposals, 'one', 'two', wanted=dict(person=1))
    # The other was looked at and nothing found: no picture is missing.
    assert len(one) == 1 and len(two) == 0 and not logged
    proposals.check_pictures(['one.jpg', 'two.jpg'])
    assert not logged
    proposals.check_pictures(['one.jpg', 'three.jpg'])
    assert re.search('1 of 2 pictures .*truth.json.* three', logged[0])
    truth['images'][0]['file_name'] = 'val\\one.jpg'  # written on Windows
    proposals = build(write([entry(17, 3)]), ann_file=write(truth, 'windows.json'))
    proposals.check_pictures(['D:\\data\\one.jpg', '/data/two.jpg'])
    assert len(ask(proposals, 'one', wanted=dict(person=1))[0]) == 1
    with pytest.raises(ValueError, match='no id in common'):
        build(write([entry(99, 3)]), ann_file=ann_file)
    with pytest.raises(ValueError, match='`images`'):
        build(write([entry()]), ann_file=write(dict(a=1), 'other.json'))
    for number in (1e400, 2.5, [3]):
        truth['categories'][0]['id'] = number
        with pytest.raises(ValueError, match='odd.json: .* whole `id`'):
            build(write([entry()]), ann_file=write(truth, 'odd.json'))


def test_a_picture_that_is_no_file_is_refused(write):
    with pytest.raises(ValueError, match="List 'img_path'"):
        build(write([entry()]))([torch.zeros(3, 9, 9)], [SegDataSample()], [VOC], None)


def test_the_source_names_the_file(write):
    proposals = build(write([entry()]), saw_test_classes='yes')
    assert proposals.describe() == (
        'COCOResultsProposals results.json (saw the test classes)'
    )
