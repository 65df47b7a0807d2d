"""--cfg-options, as all tools read them."""

import argparse

import pytest

from mmseg_clsclip_cli.config_options import add_config_options


def parse(*values):
    parser = argparse.ArgumentParser(prog='tool')
    add_config_options(parser)
    return parser.parse_args(['--cfg-options', *values]).cfg_options


def test_values_are_mmengines():
    assert parse('a=1', 'b.c=[1,2]', 'd=x=y', 'a=2') == {
        'a': 2,
        'b.c': [1, 2],
        'd': 'x=y',
    }


@pytest.mark.parametrize('value', ['a', 'model.test_cfg', 'a=(1,2', ''])
def test_what_is_no_option_is_said(value, capsys):
    with pytest.raises(SystemExit):
        parse('b=1', value)
    said = capsys.readouterr().err
    assert f'tool: error: argument --cfg-options: {value!r} is not KEY=VALUE' in said
