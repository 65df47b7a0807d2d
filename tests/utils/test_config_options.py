"""One option and one reader for all tools."""

from argparse import ArgumentParser

import pytest

from mmseg_clsclip.utils.config_options import load_config
from mmseg_clsclip_cli.config_options import add_config_options


@pytest.mark.parametrize(
    'words, expected',
    [
        ([], dict(lr=1, sizes=[1, 2])),
        (['--cfg-options', 'model.lr=3'], dict(lr=3, sizes=[1, 2])),
        (
            ['--cfg-options', 'model.sizes=[4]', 'model.name=a'],
            dict(lr=1, sizes=[4], name='a'),
        ),
    ],
)
def test_options_take_the_place_of_values(tmp_path, words, expected):
    path = tmp_path / 'config.py'
    path.write_text('model = dict(lr=1, sizes=[1, 2])')
    parser = ArgumentParser()
    add_config_options(parser)
    args = parser.parse_args(words)
    assert load_config(path, args.cfg_options).model == expected


@pytest.mark.parametrize(
    'text, options, message',
    [
        ('x = (', {}, r'is no config that can be read \(SyntaxError'),
        ("_base_ = './no.py'", {}, 'is no config that can be read .*no.py'),
        ('x = 1', {'x.y': 2}, r'cannot take x.y \('),
    ],
)
def test_what_is_no_config_is_told_with_its_file(tmp_path, text, options, message):
    path = tmp_path / 'config.py'
    path.write_text(text)
    with pytest.raises(ValueError, match=f'config.py {message}'):
        load_config(path, options)
