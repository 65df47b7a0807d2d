"""What fails is named, and the other pictures are done."""

import errno
import os
from pathlib import Path

import pytest

from mmseg_clsclip.apis import cli
from mmseg_clsclip.apis.predictor import Predictor
from mmseg_clsclip_cli import results

CLASSES = ['--classes', 'yellow circle', 'red square']
OUTPUTS = ['_mask.png', '_overlay.png', '.json']


def written():
    return {str(p.relative_to('out')) for p in Path('out').rglob('*') if p.is_file()}


def test_the_other_pictures_are_done(clsclip):
    Path('in/cut.png').write_bytes(Path('in/a.png').read_bytes()[:3000])
    Path('in/text.jpg').write_text('hello')
    status, out, err = clsclip('in', 'nowhere.jpg', 'no*.gif', *CLASSES)
    assert status == 1 and '2 of 4 pictures' in out
    assert written() == {f'{n}{t}' for n in 'ab' for t in OUTPUTS}
    for start in (
        'in/cut.png: cannot be read',
        'in/text.jpg: is no picture',
        'nowhere.jpg: does not exist',
        'no*.gif: no picture',
    ):
        lines = [x for x in err.splitlines() if f'clsclip: {start}' in x]
        assert len(lines) == 1


def test_a_pipe_among_the_pictures(clsclip):
    os.mkfifo('in/pipe.png')
    status, out, err = clsclip('in', 'in/pipe.png', '/dev/null', *CLASSES)
    assert status == 1 and '2 of 4 pictures' in out
    for name in 'in/pipe.png', '/dev/null':
        assert f'clsclip: {name}: is a pipe, a socket or a device' in err


def test_pictures_that_all_fail_leave_no_folder(clsclip):
    Path('in/text.jpg').write_text('hello')
    status, out, _ = clsclip('in/text.jpg', *CLASSES)
    assert status == 1 and '0 of 1 pictures segmented; nothing is written.' in out
    assert not Path('out').exists()


def test_nothing_to_do_leaves_nothing_behind(clsclip):
    status, out, err = clsclip('nowhere.jpg', *CLASSES)
    assert 'no picture was found' in status and not out
    assert 'nowhere.jpg: does not exist' in err
    assert not Path('out').exists()


def test_a_model_that_fails_at_a_picture(clsclip, monkeypatch):
    def failing(self, path):
        if 'a.png' in path:
            raise RuntimeError('out of\nmemory')
        return predict(self, path)

    predict = cli.Predictor.__call__
    monkeypatch.setattr(cli.Predictor, '__call__', failing)
    status, _, err = clsclip('in', *CLASSES)
    assert status == 1 and written() == {f'b{tail}' for tail in OUTPUTS}
    assert 'in/a.png: cannot be segmented (out of memory)' in err


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EACCES])
def test_a_disk_that_takes_no_more(clsclip, monkeypatch, number):
    write_bytes = Path.write_bytes

    def failing(path, content):
        if path.name == 'a.json':
            write_bytes(path, content[:9])
            raise OSError(number, os.strerror(number))
        write_bytes(path, content)

    monkeypatch.setattr(Path, 'write_bytes', failing)
    status, out, err = clsclip('in', *CLASSES)
    assert status == 1 and '1 of 2 pictures' in out
    assert f'clsclip: in/a.png: [Errno {number}]' in err
    assert written() == {f'b{tail}' for tail in OUTPUTS}


def test_a_folder_that_takes_nothing_is_refused_first(clsclip, monkeypatch):
    def refuse(dir):
        raise PermissionError(errno.EACCES, 'Permission denied', str(dir))

    monkeypatch.setattr(results.tempfile, 'TemporaryFile', refuse)
    assert 'Permission denied' in clsclip('in', *CLASSES)[0]
    Path('out').touch()
    assert "File exists: 'out'" in clsclip('in', *CLASSES)[0]


def test_ctrl_c_tells_what_is_done(clsclip, monkeypatch):
    def interrupted(self, path, asked=Predictor.__call__):
        if 'b.png' in path:
            raise KeyboardInterrupt
        return asked(self, path)

    monkeypatch.setattr(Predictor, '__call__', interrupted)
    status, out, err = clsclip('in', *CLASSES)
    assert status == 130 and 'in/a.png: found' in out and '1 of 2 pictures' in out
    assert 'Stopped. What is done stays' in err
    assert written() == {f'a{tail}' for tail in OUTPUTS}
