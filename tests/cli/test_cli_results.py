"""What is known of results before a picture is segmented."""

import os
import subprocess
import sys

import pytest
from PIL import Image

from mmseg_clsclip_cli.images import list_if_all_fail
from mmseg_clsclip_cli.results import writable_folder


def test_pictures_are_looked_at_until_one_can_be_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'text.jpg').write_text('hello')
    Image.new('RGB', (9, 9)).save('a.png')
    os.mkfifo('pipe.png')
    assert list_if_all_fail(['text.jpg', 'a.png']) == []
    assert list_if_all_fail(['text.jpg', 'shapes-5i://test/0/000004.bmp']) == []
    text, pipe, none = list_if_all_fail(['text.jpg', 'pipe.png', 'none.png'])
    assert text.startswith('text.jpg: is no picture')
    assert pipe.startswith('pipe.png: is a pipe')
    assert none.startswith('none.png: ') and 'No such file' in none


def test_a_folder_is_tried(tmp_path):
    with writable_folder(tmp_path / 'a/b'):
        assert list((tmp_path / 'a/b').iterdir()) == []
    with pytest.raises(SystemExit), writable_folder(tmp_path / 'c/d'):
        raise SystemExit
    assert [path.name for path in tmp_path.iterdir()] == ['a']
    (tmp_path / 'file').touch()
    with pytest.raises(FileExistsError), writable_folder(tmp_path / 'file'):
        pytest.fail('it is no folder')


def test_a_reader_that_has_gone_takes_nothing_with_it():
    lines = 'from mmseg_clsclip_cli.results import print_text\n' + (
        'for _ in range(9): print_text("line")\nraise SystemExit(7)'
    )
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, '-c', lines], stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (7, b'')
