"""Ids out of the files that VOC and SBD publish."""

import pytest

from mmseg_clsclip.dataset_conversion.picture_ids import read_picture_ids


def test_ids_stand_first_and_once(tmp_path):
    path = tmp_path / 'ids.txt'
    path.write_text(
        '\ufeff2007_000032\n\n  \n/JPEGImages/2007_000039.jpg /Masks/2007_000039.png\n'
        '2007_000032\na.b\n',
        encoding='utf-8',
    )
    assert read_picture_ids(path) == ['2007_000032', '2007_000039', 'a.b']


def test_a_file_without_an_id(tmp_path):
    path = tmp_path / 'ids.txt'
    path.write_text(' \n')
    with pytest.raises(ValueError, match=r'ids\.txt is empty: no id in it'):
        read_picture_ids(path)
    with pytest.raises(FileNotFoundError, match='nothing'):
        read_picture_ids(tmp_path / 'nothing')
