"""Files that take their names together, whenever the process ends."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from mmseg_clsclip.utils import partial_files as parts
from mmseg_clsclip.utils.files import atomic_write
from mmseg_clsclip.utils.partial_files import (
    held_folder,
    new_folder,
    part_folder,
    take_names,
)

NAMES = ['a.png', 'b.png', 'sign.json']
pytestmark = pytest.mark.skipif(os.name != 'posix', reason='needs fork, flock')


def put(out, content):
    with part_folder(out) as folder:
        for name in NAMES:
            (folder / name).write_text(content)
        take_names(folder, [out / name for name in NAMES])


def found(out):
    return {path.name: path.read_text() for path in out.iterdir() if path.is_file()}


def killed_at(number, function):
    """Call it in a process that is killed before its n-th change of a name.

    Returns whether it lived.
    """
    child = os.fork()
    if not child:
        left = iter(range(number - 1))

        def dying(change):
            def wrapped(*args, **options):
                if next(left, None) is None:
                    os.kill(os.getpid(), signal.SIGKILL)
                return change(*args, **options)

            return wrapped

        for name in 'replace', 'unlink', 'mkdir', 'rmdir', 'rename':
            setattr(os, name, dying(getattr(os, name)))
        Path.unlink = dying(Path.unlink)
        function()
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize('there', [[], NAMES, NAMES[:1], NAMES[1:]])
def test_old_and_new_are_never_beside_each_other(tmp_path, there):
    for number in range(1, 50):
        out = tmp_path / str(number)
        out.mkdir()
        for name in there:
            (out / name).write_text('old')
        lived = killed_at(number, partial(put, out, 'new'))
        now = found(out)
        assert len(set(now.values())) <= 1, now
        if NAMES[-1] in now and 'new' in now.values():
            assert list(sorted(now)) == NAMES
        parts._remove_left.cache_clear()  # as another process would
        put(out, 'again')
        assert found(out) == dict.fromkeys(NAMES, 'again')
        assert len(os.listdir(out)) == len(NAMES)
        if lived:
            break
    assert lived and number > 6


@pytest.mark.parametrize('number', range(1, 4))
def test_a_name_that_cannot_be_taken(tmp_path, monkeypatch, number):
    left, replace = iter(range(number - 1)), os.replace

    def failing(*args):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, 'no space')
        replace(*args)

    put(tmp_path, 'old')
    monkeypatch.setattr(os, 'replace', failing)
    with pytest.raises(OSError, match='no space'):
        put(tmp_path, 'new')
    assert not os.listdir(tmp_path)


def test_what_is_not_written_changes_nothing(tmp_path):
    put(tmp_path, 'old')
    with pytest.raises(OSError), part_folder(tmp_path) as folder:
        (folder / 'a.png').write_text('half')
        raise OSError(errno.ENOSPC, 'no space')
    assert found(tmp_path) == dict.fromkeys(NAMES, 'old')
    assert len(os.listdir(tmp_path)) == len(NAMES)


def test_what_lives_is_left_alone(tmp_path):
    mine = tmp_path / '.notes.part'
    mine.write_text('a stranger')
    with part_folder(tmp_path) as first:
        parts._remove_left.cache_clear()
        with part_folder(tmp_path) as second:
            assert first.is_dir() and second.is_dir()
        script = (
            'import sys, runpy\nparts = runpy.run_path(sys.argv[1])\n'
            'with parts["part_folder"](sys.argv[2]): pass'
        )
        subprocess.run(
            [sys.executable, '-c', script, parts.__file__, str(tmp_path)], check=True
        )
        assert first.is_dir()
    assert os.listdir(tmp_path) == [mine.name]


def test_of_another_machine_only_what_is_old_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(parts.platform, 'node', lambda: 'elsewhere')
    with part_folder(tmp_path) as folder:
        kept = shutil.copytree(folder, tmp_path / f'{folder.name[:-5]}x.part')
    monkeypatch.undo()
    put(tmp_path, 'new')
    assert kept.exists()
    os.utime(kept, (0, 0))
    parts._remove_left.cache_clear()
    put(tmp_path, 'new')
    assert not kept.exists()


def test_many_at_once(tmp_path):
    def one(number):
        parts._remove_left.cache_clear()
        with atomic_write(tmp_path / str(number)) as file:
            file.write(b'whole')

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(200)))
    assert len(os.listdir(tmp_path)) == 200


def test_folders_that_stayed_empty_go_again(tmp_path):
    (tmp_path / 'mine').mkdir()
    with pytest.raises(SystemExit), new_folder(tmp_path / 'mine/a/b/c'):
        assert (tmp_path / 'mine/a/b/c').is_dir()
        raise SystemExit(1)
    assert not list((tmp_path / 'mine').iterdir())
    with pytest.raises(SystemExit), new_folder(tmp_path / 'mine/a/b'):
        (tmp_path / 'mine/a/kept').touch()
        raise SystemExit(1)
    assert os.listdir(tmp_path / 'mine/a') == ['kept']
    with pytest.raises(OSError), atomic_write(tmp_path / 'new/deep/x'):
        raise OSError
    assert os.listdir(tmp_path) == ['mine']


def test_names_are_taken_by_one_after_the_other(tmp_path):
    put(tmp_path, 'old')
    with part_folder(tmp_path) as folder, ThreadPoolExecutor(1) as pool:
        for name in NAMES:
            (folder / name).write_text('new')
        handle = parts._lock(tmp_path, wait=True)  # as another process would
        taken = pool.submit(take_names, folder, [tmp_path / name for name in NAMES])
        try:
            with pytest.raises(TimeoutError):
                taken.result(0.2)
            assert found(tmp_path) == dict.fromkeys(NAMES, 'old')
        finally:
            os.close(handle)
        taken.result(5)
    assert found(tmp_path) == dict.fromkeys(NAMES, 'new')


def test_a_folder_is_held_by_one_process(tmp_path):
    with held_folder(tmp_path):
        (tmp_path / 'file').touch()
        with pytest.raises(ValueError, match=f'Another process writes to {tmp_path}'):
            with held_folder(tmp_path):
                pass
        with part_folder(tmp_path):  # its own files are none of its business
            pass
    with held_folder(tmp_path):
        pass
