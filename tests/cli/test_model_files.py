"""A model's files: found, or refused before anything heavy is imported."""

from argparse import ArgumentTypeError
from pathlib import Path

import open_clip
import pytest

from mmseg_clsclip_cli import model_files
from mmseg_clsclip_cli.model_files import (
    check_compared_files,
    check_model_files,
    checkpoint_file,
    config_file,
    configs_folder,
)

CONFIG = 'shapes/clsclip_shapes-5i_fold0.py'


def test_configs_of_a_wheel_come_before_those_of_a_checkout(tmp_path, monkeypatch):
    assert configs_folder() == Path(__file__).parents[2] / 'configs'
    monkeypatch.setattr(
        model_files, '__file__', str(tmp_path / 'mmseg_clsclip_cli/model_files.py')
    )
    with pytest.raises(FileNotFoundError, match='Install the package from'):
        configs_folder()
    for folder in 'configs', 'mmseg_clsclip/.mim/configs':
        (tmp_path / folder / '_base_').mkdir(parents=True)
        assert configs_folder() == tmp_path / folder


@pytest.mark.parametrize(
    'files, message',
    [
        (('nowhere.py', None, None), 'The config nowhere.py is neither there nor in'),
        (
            ('clsclip_shapes-5i_fold.py', None, None),
            'similar names are shapes/clsclip_shapes-5i',
        ),
        ((CONFIG, 'nowhere.pth', None), '^nowhere.pth can not be found'),
        ((None, 'nowhere.pth', None), 'give the config that it was trained with'),
        ((None, None, '/no/such.pt'), "CLIP weights '/no/such.pt' do not exist"),
        ((None, None, 'weights/ViT-B-16.pt'), 'do not exist'),
        ((None, None, 'local-dir:/no/such'), 'do not exist'),
        ((None, None, '~no-such-user/a.pt'), 'do not exist'),
    ],
)
def test_what_is_not_there_is_refused(files, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        check_model_files(*files)


def test_what_is_there_or_may_be_passes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('HOME', str(tmp_path))
    Path('a.py').touch()
    Path('a.pth').touch()
    check_model_files(None, None, None)
    for config in 'a.py', CONFIG, f'configs/{CONFIG}':
        for checkpoint in 'a.pth', '~/a.pth', 'none', 'https://a/b.pth', None:
            check_model_files(config, checkpoint, None)
    # The hub's are explained by who knows open_clip's names.
    for clip in 'a.pth', '~/a.pth', '.', 'none', 'hf-hub:a/b', 'laion/CLIP-B':
        check_model_files(None, None, clip)
    for _, tag in open_clip.list_pretrained():
        check_model_files(None, None, tag)


def test_the_tools_take_files_that_are_there(tmp_path):
    path = str(tmp_path / 'a')
    with pytest.raises(ArgumentTypeError, match=f'^the config {path} is not there'):
        config_file(path)
    with pytest.raises(ArgumentTypeError, match=f'{path} can not be found'):
        checkpoint_file(path)
    Path(path).touch()
    assert config_file(path) == checkpoint_file(path) == path
    assert checkpoint_file('none') == 'none'


def test_files_of_a_comparison(tmp_path):
    path = str(tmp_path / 'a')
    Path(path).touch()
    check_compared_files([['n'], ['n', path, 'none'], ['n', path, 'random']], [])
    check_compared_files([['n', path, path]], [('n', path)])
    for models, results, what in (
        ([['n', path], ['m', 'x']], [], '1 of 2 configs do not exist: x'),
        ([['n', path, 'x']], [], '1 of 1 checkpoints'),
        ([], [('n', 'x')], '1 of 1 results'),
    ):
        with pytest.raises(FileNotFoundError, match=what):
            check_compared_files(models, results)
