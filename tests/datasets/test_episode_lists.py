"""Lists of episodes: ours and those that others published."""

import os
import pickle

import pytest

from mmseg_clsclip.datasets.episode_lists import picture_id, read_lists, write_list


def write(path, text):
    path.write_text(text, encoding='utf-8')
    return path


@pytest.mark.parametrize(
    'path, name',
    [
        ('2007_000033', '2007_000033'),
        ('JPEGImages/2007_000033.jpg', '2007_000033'),
        ('C:\\voc\\2007_000033.PNG', '2007_000033'),
        ('val2014/COCO_val2014_000000000042.jpg', 'COCO_val2014_000000000042'),
        ('photo.of.mine', 'photo.of.mine'),
        ('photo.v2.jpeg', 'photo.v2'),
    ],
)
def test_a_picture_goes_by_its_name_alone(path, name):
    assert picture_id(path) == name


def test_what_is_written_is_read_again(tmp_path):
    pairs = [('b', 3), ('a', 20), ('b', 1), ('photo.of.mine', 2)]
    path = tmp_path / 'lists' / 'val.txt'
    write_list(path, pairs)
    assert path.read_text() == 'b 3\na 20\nb 1\nphoto.of.mine 2\n'
    assert read_lists(path) == (pairs, 'id class')
    assert read_lists(str(path)) == (pairs, 'id class')


def test_nothing_to_write(tmp_path):
    with pytest.raises(
        ValueError, match='No pair is eligible; .*val.txt was not written'
    ):
        write_list(tmp_path / 'val.txt', [])
    assert not list(tmp_path.iterdir())


def test_hsnets_lists_of_pascal(tmp_path):
    path = write(
        tmp_path / 'fold0.txt', '2007_000033__01\n2007_000042__19\n2007_000033__01\n'
    )
    assert read_lists(path) == ([('2007_000033', 1), ('2007_000042', 19)], 'HSNet')


def test_several_lists_are_joined_in_their_order(tmp_path):
    files = [
        write(tmp_path / f'{n}.txt', text)
        for n, text in enumerate(('b__06\na__07\n', 'a__11\nb__06\n', 'c 1\n'))
    ]
    assert read_lists(files[:2]) == ([('b', 6), ('a', 7), ('a', 11)], 'HSNet')
    assert read_lists(files)[1] == 'HSNet and id class'


def test_hsnets_pickles_of_coco_count_from_0(tmp_path):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path = tmp_path / f'fold{protocol}.pkl'
        path.write_bytes(
            pickle.dumps(
                {
                    0: ['val2014/COCO_val2014_000000000042.jpg'],
                    4: ['val2014/COCO_val2014_000000000042.jpg', 'val2014/x.jpg'],
                    8: [],
                },
                protocol,
            )
        )
        assert read_lists(path) == (
            [
                ('COCO_val2014_000000000042', 1),
                ('COCO_val2014_000000000042', 5),
                ('x', 5),
            ],
            'HSNet',
        )


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_that_would_run_something_is_refused(tmp_path):
    trace = tmp_path / 'trace'
    path = tmp_path / 'fold0.pkl'
    path.write_bytes(pickle.dumps({0: [Malicious(str(trace))]}))
    with pytest.raises(
        ValueError,
        match=r'fold0\.pkl is not a list of '
        r'episodes: it wants to import .*\.mkdir',
    ):
        read_lists(path)
    assert not trace.exists()
    pickle.loads(path.read_bytes())
    assert trace.exists()  # else this test would show nothing


def test_bams_sub_class_file_list(tmp_path):
    # BAM writes str() of the dict.
    path = write(
        tmp_path / 'sub_class_file_list_val.txt',
        str(
            {
                1: [
                    (
                        '../data/VOCdevkit2012/VOC2012/JPEGImages/a.jpg',
                        '../data/VOCdevkit2012/VOC2012/SegmentationClassAug/a.png',
                    )
                ],
                5: [
                    ('../data/x/b.jpg', '../data/y/b.png'),
                    ('../data/x/a.jpg', '../data/y/a.png'),
                ],
            }
        ),
    )
    assert read_lists(path) == ([('a', 1), ('b', 5), ('a', 5)], 'BAM')


def test_bams_data_list_has_no_classes(tmp_path):
    path = write(
        tmp_path / 'data_list_val.txt', 'JPEGImages/a.jpg SegmentationClassAug/a.png\n'
    )
    with pytest.raises(
        ValueError,
        match='line 1 is .* names a picture and a '
        'mask but no class: take sub_class_file_list',
    ):
        read_lists(path)


@pytest.mark.parametrize(
    'text, message',
    [
        ('', 'is empty: no episode'),
        ('\n \n', 'is empty: no episode'),
        ('{}', 'is empty: no episode'),
        ('{1: []}', 'is empty: no episode'),
        ('a 1\n\nb\n', 'line 3 is \'b\'; expected "ID CLASS"'),
        ('a -1', 'line 1 is'),
        ('a 1 2', 'line 1 is'),
        ('a one', 'line 1 is'),
        ('{1: [("a.jpg",', 'is not a list of episodes'),
        ('{__import__("os").mkdir("trace"): []}', 'is not a list of episodes'),
        ('{"a": ["b"]}', 'expected was a dict {class'),
        ('{1: "a.jpg"}', 'expected was a dict {class'),
        ('{1: [3]}', 'is not a list of episodes'),
        ('{1}', 'expected was a dict {class'),
    ],
)
def test_texts_that_are_no_lists(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / 'list.txt', text)
    with pytest.raises(ValueError, match=r'list\.txt .*' + message):
        read_lists(path)
    assert [p.name for p in tmp_path.iterdir()] == ['list.txt']


@pytest.mark.parametrize('name', ['list.txt', 'list.pkl'])
def test_bytes_that_are_no_list(tmp_path, name):
    path = tmp_path / name
    # The last asks for more memory than there is.
    for content in (
        b'\x89PNG\r\n\xff\xfe',
        b'\x80\x04\x95\xff',
        b'garbage',
        pickle.dumps([1, 2]),
        pickle.dumps({0: ['a']})[:-3],
        b'\x80\x04\x8e' + b'\xff' * 8,
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f'{name} is not a list of epis'):
            read_lists(path)


def test_a_missing_list(tmp_path):
    there = write(tmp_path / 'there.txt', 'a 1')
    with pytest.raises(
        FileNotFoundError,
        match=r'nowhere\.txt does not exist.'
        ' tools/dataset_converters/',
    ):
        read_lists([there, tmp_path / 'nowhere.txt'])
