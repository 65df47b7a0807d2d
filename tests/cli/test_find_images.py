"""Which pictures arguments mean, and what their results are called."""

import os
from pathlib import Path

import pytest

from mmseg_clsclip_cli.find_images import find_images


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        'a/x.jpg',
        'a/deep/x.PNG',
        'b/x.jpg',
        'b/y.png',
        'b/y.jpg',
        'b/notes.txt',
        'b/.hidden.jpg',
        'odd[1].jpg',
        'empty/z.txt',
    ):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(*arguments):
    found, wrong = find_images(arguments)
    assert not wrong
    return {path: str(name) for path, name in found.items()}


def test_a_folder_is_mirrored(folder):
    assert names('a') == {'a/deep/x.PNG': 'deep/x', 'a/x.jpg': 'x'}


def test_files_folders_patterns_and_addresses_once_each(folder, monkeypatch):
    assert names(
        'b/y.png', './b/y.png', 'odd[1].jpg', 'a/*', 'shapes-5i://test/0/000007.bmp'
    ) == {
        'b/y.png': 'y',
        'odd[1].jpg': 'odd[1]',
        'a/x.jpg': 'x',
        'shapes-5i://test/0/000007.bmp': '000007',
    }
    assert set(names('**/*.PNG')) == {'a/deep/x.PNG'}
    assert names('b/notes.txt') == {'b/notes.txt': 'notes'}  # by name
    # From elsewhere, below a folder that is hidden.
    here = Path('a/.cache')
    here.mkdir()
    monkeypatch.chdir(here)
    top = Path('../..').resolve()
    for pattern in f'{top}/a/*.jpg', '../*.jpg', '../../a/*.jpg':
        ((path, name),) = names(pattern).items()
        assert Path(path).resolve() == top / 'a/x.jpg' and name == 'x'


def test_what_is_hidden_in_a_folder_is_not_searched(folder):
    Path('a/.cache/deep').mkdir(parents=True)
    Path('a/.cache/deep/z.jpg').touch()
    assert set(names('a')) == {'a/deep/x.PNG', 'a/x.jpg'}
    assert names('a/.cache') == {'a/.cache/deep/z.jpg': 'deep/z'}  # by name


def test_a_link_is_a_picture_of_its_own_name(folder):
    for name in ('cat', 'dog'):
        Path(f'empty/{name}.jpg').symlink_to(Path('a/x.jpg').resolve())
    assert names('empty') == {'empty/cat.jpg': 'cat', 'empty/dog.jpg': 'dog'}


def test_folders_that_are_linked_are_searched_once(folder):
    Path('empty/more').symlink_to(Path('a').resolve())
    Path('a/deep/circle').symlink_to(Path('a').resolve())
    Path('a/also').symlink_to(Path('a/deep').resolve())
    assert names('empty') == {
        'empty/more/deep/x.PNG': 'more/deep/x',
        'empty/more/x.jpg': 'more/x',
    }


def test_names_that_clash_get_folders_or_suffixes(folder):
    assert names('a/x.jpg', 'b/x.jpg') == {'a/x.jpg': 'a/x', 'b/x.jpg': 'b/x'}
    assert names('b') == {'b/x.jpg': 'x', 'b/y.jpg': 'y.jpg', 'b/y.png': 'y.png'}
    assert names('shapes-5i://test/0/000007.bmp', 'shapes-5i://train/0/000007.bmp') == {
        f'shapes-5i://{split}/0/000007.bmp': f'{split}/0/000007'
        for split in ('test', 'train')
    }


def test_names_that_clash_in_spite_of_it_are_refused(folder):
    Path('c/a').mkdir(parents=True)
    Path('c/a/x.jpg').touch()
    with pytest.raises(ValueError, match='would both be written as a/x'):
        find_images(['a/x.jpg', 'b/x.jpg', 'c'])


def test_names_that_clash_but_for_their_case(folder):
    for name in 'A.png', 'a.jpg':
        Path('empty', name).touch()
    assert names('empty') == {'empty/A.png': 'A.png', 'empty/a.jpg': 'a.jpg'}


def test_what_only_looks_like_a_result_is_a_picture(folder):
    for name in (
        'cell_mask_overlay.png',
        'cell_mask.json',
        'dog_mask.jpg',
        'dog_overlay.tif',
        'dog.json',
    ):
        Path('empty', name).touch()
    assert set(names('empty')) == {'empty/dog_mask.jpg', 'empty/dog_overlay.tif'}


def test_results_of_an_earlier_call_are_no_pictures(folder):
    for name in ('x_overlay.png', 'x_mask.png', 'x.json', 'other_mask.png'):
        Path('a', name).touch()
    assert set(names('a')) == {'a/x.jpg', 'a/deep/x.PNG', 'a/other_mask.png'}


def test_what_is_not_found_is_said(folder):
    found, wrong = find_images(['empty', '*.webp', 'nowhere.jpg', 'b/x.jpg'])
    assert list(found) == ['b/x.jpg']
    assert [line[:32] for line in wrong] == [
        'empty: the folder has no picture',
        '*.webp: no picture has such a na',
        'nowhere.jpg: does not exist.',
    ]


def test_a_folder_that_cannot_be_read_is_told(folder, monkeypatch):
    scandir = os.scandir

    def guarded(path):
        if str(path).endswith('deep'):
            raise PermissionError(13, 'Permission denied', str(path))
        return scandir(path)

    monkeypatch.setattr('os.scandir', guarded)
    found, wrong = find_images(['a'])
    assert [*found] == ['a/x.jpg'] and wrong == ['a/deep: Permission denied.']
    found, wrong = find_images(['a/deep', 'empty'])
    assert not found and wrong[0] == 'a/deep: Permission denied.'
    assert wrong[1].startswith('empty: the folder has no pictures')


def test_an_empty_argument_is_not_the_current_folder(folder):
    found, wrong = find_images(['', 'a/x.jpg'])
    assert [*found] == ['a/x.jpg'] and wrong == ['An empty PICTURE names none.']


def test_an_argument_that_no_file_can_have_is_one_problem(folder):
    found, wrong = find_images(['n' * 300, 'a/x.jpg'])
    assert [*found] == ['a/x.jpg'] and wrong == [f'{"n" * 300}: does not exist.']


def test_a_name_of_dots_is_no_folder(folder):
    Path('empty', '..jpg').touch()
    assert names('empty/..jpg') == {'empty/..jpg': '..jpg'}
