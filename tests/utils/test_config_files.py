"""Bases of configs that lie elsewhere."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.utils import is_installed

import mmseg_clsclip  # noqa: F401  (registers the prefix)

CONFIGS = Path(__file__).parents[2] / 'configs'
CUSTOM = CONFIGS / 'custom/clsclip_vit-b16_custom.py'


def write(path, base):
    path.write_text(f'_base_ = {base!r}\ndata_root = "mine"\n')
    return path


def test_a_base_by_the_packages_name_is_the_one_by_its_path(tmp_path):
    name = 'mmseg_clsclip::custom/clsclip_vit-b16_custom.py'
    for base in (name, [name]):
        told = Config.fromfile(write(tmp_path / 'mine.py', base))
        assert told.data_root == 'mine' and '_scope_' not in str(told)
        assert told.model == Config.fromfile(CUSTOM).model
    copy = tmp_path / 'copy.py'
    copy.write_text(CUSTOM.read_text().replace('../', 'mmseg_clsclip::'))
    assert Config.fromfile(copy).to_dict() == Config.fromfile(CUSTOM).to_dict()


@pytest.mark.parametrize(
    'config, said',
    [
        (CUSTOM, 'mmseg_clsclip::_base_/models/clsclip_vit-b16.py'),
        (
            CUSTOM.with_stem('clsclip_vit-b16_custom_whole'),
            'mmseg_clsclip::custom/clsclip_vit-b16_custom.py',
        ),
    ],
)
def test_a_copy_out_of_its_folder_is_told_what_to_write(config, said, tmp_path):
    copy = tmp_path / 'copy.py'
    copy.write_bytes(config.read_bytes())
    with pytest.raises(FileNotFoundError, match=f"copy.py: its _base_ .*'{said}'"):
        Config.fromfile(copy)


@pytest.mark.skipif(
    not is_installed('mmsegmentation'), reason="onedl's mmengine finds mmseg:: nowhere"
)
def test_mmsegs_bases_are_mmengines(tmp_path):
    told = Config.fromfile(write(tmp_path / 'a.py', 'mmseg::_base_/default_runtime.py'))
    assert told.default_scope == 'mmseg'


def test_other_bases_are_mmengines(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.py'):
        Config.fromfile(write(tmp_path / 'b.py', './nowhere.py'))
    with pytest.raises(FileNotFoundError, match='custom/nowhere.py'):
        Config.fromfile(write(tmp_path / 'c.py', 'mmseg_clsclip::custom/nowhere.py'))
