"""What is a user's is opened by the usual formats alone."""

import io
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, UnidentifiedImageError

from mmseg_clsclip.apis.image_io import read_image
from mmseg_clsclip_cli.find_images import SUFFIXES
from mmseg_clsclip_cli.images import FORMATS, open_image

ROOT = Path(__file__).parents[2]


def test_every_suffix_that_is_found_has_its_format(tmp_path):
    Image.init()
    assert {Image.EXTENSION[suffix] for suffix in SUFFIXES} == set(FORMATS)
    for suffix in SUFFIXES:
        path = tmp_path / f'a{suffix}'
        Image.new('RGB', (4, 5), 'red').save(path)
        assert open_image(path).size == (4, 5)


def test_a_phones_pictures_of_several_frames_are_jpegs():
    file = io.BytesIO()
    frame = Image.new('RGB', (9, 9), 'red')
    frame.save(file, 'MPO', save_all=True, append_images=[frame])
    assert open_image(file).format == 'MPO'


@pytest.mark.parametrize(
    'format', ['EPS', 'PCX', 'TGA', 'ICO', 'SGI', 'JPEG2000', 'PDF']
)
def test_another_format_of_whatever_name_is_none(tmp_path, monkeypatch, format):
    def started(*args, **options):
        pytest.fail('a program was started')

    path = tmp_path / 'picture.png'
    Image.new('RGB', (20, 20)).save(path, format)
    monkeypatch.setattr(EpsImagePlugin, 'Ghostscript', started)
    monkeypatch.setattr(subprocess, 'Popen', started)
    with pytest.raises(UnidentifiedImageError):
        open_image(path)
    with pytest.raises(ValueError, match=r'is no picture \(BMP, GIF, JPEG'):
        read_image(path)
    if format == 'JPEG2000':
        assert np.asarray(open_image(path, format)).shape == (20, 20, 3)


def test_nothing_is_opened_in_another_way():
    folders = 'mmseg_clsclip', 'mmseg_clsclip_cli', 'tools'
    files = [path for name in folders for path in (ROOT / name).rglob('*.py')]
    assert len(files) > 60
    found = [
        path.name
        for path in files
        if re.search(r'\bImage\.open\(', path.read_text(encoding='utf-8'))
    ]
    assert found == ['images.py']
