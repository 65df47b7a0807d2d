"""Files that are written whole or not at all."""

import os

import pytest

from mmseg_clsclip.utils.files import atomic_write
from mmseg_clsclip_cli.required_files import require_files


def test_a_file_takes_its_name_when_it_is_whole(tmp_path):
    path = tmp_path / 'new' / 'folder' / 'file.txt'
    with atomic_write(path) as file:
        file.write(b'half')
        assert not path.exists()
        file.write(b' and half')
    assert path.read_bytes() == b'half and half'
    assert list(path.parent.iterdir()) == [path]
    with atomic_write(str(path)) as file:
        file.write(b'over')
    assert path.read_bytes() == b'over'


def test_a_name_may_be_as_long_as_the_system_has_it(tmp_path):
    path = tmp_path / ('x' * 251 + '.png')
    with atomic_write(path):
        pass
    assert path.exists()


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_what_was_there(tmp_path, error):
    path = tmp_path / 'file.txt'
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b'half')
        raise error
    assert not list(tmp_path.iterdir())
    path.write_bytes(b'old')
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b'half')
        raise error
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b'old'


@pytest.mark.skipif(os.name != 'posix', reason='POSIX permissions')
def test_others_may_read_it_as_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_write(tmp_path / 'file.txt'):
            pass
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert (tmp_path / 'file.txt').stat().st_mode & 0o777 == 0o640


def test_of_many_missing_files_the_first_few_are_named(tmp_path):
    there = tmp_path / 'there'
    there.touch()
    require_files([there], 'masks')
    with pytest.raises(
        FileNotFoundError,
        match='^6 of 7 masks do not exist: '
        r'0, 1, 2, 3, 4, \.\.\.\. Look again\.$',
    ):
        require_files([*map(str, range(6)), there], 'masks', 'Look again.')
    with pytest.raises(FileNotFoundError, match=r'^1 of 1 masks .*: x\.$'):
        require_files(['x'], 'masks', is_file=lambda path: False)
