"""Our way to mmseg's tools, with a tool of the test's."""

import sys

import mmseg
import pytest
from mmseg.registry import MODELS

from mmseg_clsclip.utils.mmseg_tool import run_mmseg_tool


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Run these lines as a tool with these options."""

    def run(lines, *options):
        folder = tmp_path / 'mmseg'
        (folder / '.mim/tools').mkdir(parents=True, exist_ok=True)
        (folder / '.mim/tools/test.py').write_text(lines)
        monkeypatch.setattr(mmseg, '__file__', str(folder / '__init__.py'))
        monkeypatch.setattr(sys, 'argv', ['test.py', 'CONFIG', *options])
        run_mmseg_tool('test.py')

    return run


@pytest.mark.parametrize(
    'lines, said',
    [
        (
            "MODELS.build(dict(type='ClsCLIPHaed'))",
            "^test.py: there is no model 'ClsCLIPHaed'. Nearest: ClsCLIPHead, ",
        ),
        ("MODELS.build(dict(type='EncoderDecodr'))", 'Nearest: EncoderDecoder'),
        ("MODELS.build(dict(type='Xyzzy'))", "no model 'Xyzzy'. A module of your"),
        ("METRICS.build(dict(type='IoUMetrik'))", 'no metric .*: IoUMetric'),
        ("HOOKS.build(dict(type='ZeroShotRecrdHook'))", ': ZeroShotRecordHook'),
        ("HOOKS.build(dict(type='LogerHook'))", ': LoggerHook'),
        ("{}['inputs']", "no 'inputs': .* ends with PackSegInputs"),
    ],
)
def test_what_a_config_misspells_is_one_sentence(tool, lines, said):
    with pytest.raises(SystemExit, match=said):
        tool('from mmseg.registry import HOOKS, METRICS, MODELS\n' + lines)


def test_a_misspelt_config_has_neighbours(tool):
    with pytest.raises(
        SystemExit,
        match='^test.py: the config shapes/lseg_shape.py is not there\\. '
        r'.*/configs has .*lseg_shapes-',
    ):
        tool("open('shapes/lseg_shape.py')", 'shapes/lseg_shape.py')


def test_out_with_a_list_of_metrics_says_what_to_write(tool):
    lines = "dict(test_evaluator=[{}])['test_evaluator']['output_dir'] = 'x'"
    for words in ('--out', 'x'), ('--out=x',):
        with pytest.raises(SystemExit, match='^test.py: --out .* test_evaluator.0.out'):
            tool(lines, *words)
    with pytest.raises(TypeError, match='list indices'):
        tool(lines)


def test_other_errors_are_left_as_they_are(tool):
    for lines, error in (
        ("open('CONFIG')", FileNotFoundError),
        ("raise FileNotFoundError('a.pth')", FileNotFoundError),
        ("{}['x']", KeyError),
        ('raise KeyError', KeyError),
        ("raise ValueError('is not in the')", ValueError),
    ):
        with pytest.raises(error):
            tool(lines)


@pytest.mark.parametrize('value', ['[mine_a,mine_b]', 'mine_a,mine_b'])
def test_what_options_import_is_imported(tool, value, tmp_path, monkeypatch):
    for name in ('mine_a', 'mine_b'):
        (tmp_path / f'{name}.py').write_text(
            'from mmseg.registry import MODELS\n'
            f'MODELS.register_module({name!r}, module=dict)\n'
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        tool(
            'from mmseg.registry import MODELS\n'
            "assert MODELS.get('mine_a') and MODELS.get('mine_b')",
            '--cfg-options',
            'a=1',
            '--cfg-options',
            f'custom_imports.imports={value}',
            'b.0.c=2',
        )
    finally:
        for name in ('mine_a', 'mine_b'):
            sys.modules.pop(name, None)
            MODELS.module_dict.pop(name, None)


def test_an_import_that_fails_says_so(tool):
    with pytest.raises(ImportError, match='mine_nowhere'):
        tool('', '--cfg-options', 'custom_imports.imports=mine_nowhere')
    with pytest.warns(UserWarning, match='mine_nowhere'):
        tool(
            '',
            '--cfg-options',
            'custom_imports.imports=mine_nowhere',
            'custom_imports.allow_failed_imports=True',
        )
