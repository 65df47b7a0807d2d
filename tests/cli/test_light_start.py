"""Help, versions and refusals import nothing heavy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmseg_clsclip.version import __version__

ROOT = Path(__file__).parents[2]
HEAVY = {'torch', 'mmengine', 'mmcv', 'mmseg', 'open_clip', 'numpy', 'mmseg_clsclip'}
CONFIG = 'shapes/clsclip_shapes-5i_fold0.py'
# Those whose options are asked of mmseg's own tools, or of what is heavy.
HEAVY_TOOLS = {
    'get_flops.py',
    'reproduce/coco_20i.py',
    'reproduce/pascal_5i.py',
    'shapes/experiment.py',
    'shapes/train_heads.py',
    'test.py',
    'train.py',
}
TOOLS = sorted(
    path.relative_to(ROOT / 'tools').as_posix()
    for path in (ROOT / 'tools').rglob('*.py')
    if path.name[0] != '_'
)


def start(*command, cwd=ROOT):
    """Run Python; its status, its output, and which heavy packages it imported."""
    done = subprocess.run(
        [sys.executable, '-X', 'importtime', *map(str, command)],
        cwd=cwd,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        text=True,
        capture_output=True,
    )
    lines, said = [], []
    for line in done.stderr.splitlines():
        (lines if line.startswith('import time:') else said).append(line)
    imported = {line.split('|')[-1].strip().split('.')[0] for line in lines}
    assert 'argparse' in imported
    return done.returncode, done.stdout + '\n'.join(said), imported & HEAVY


def call(*words, cwd=ROOT):
    """Call the command as its console script does."""
    code = 'import sys; from mmseg_clsclip_cli.command import main; main(sys.argv[1:])'
    return start('-c', code, *words, cwd=cwd)


@pytest.mark.parametrize(
    'words, status, text',
    [
        (['--help'], 0, 'clsclip shapes-5i://test/0/000004.bmp --out-dir out'),
        (['--version'], 0, f'mmseg_clsclip {__version__}\n'),
        ([], 2, 'required: PICTURE, --out-dir (pictures come before --classes'),
        (['x.jpg'], 2, 'clsclip: error: the following arguments are required: --out'),
        (['x.jpg', '--out-dir', 'o', '--nonsense'], 2, 'arguments: --nonsense'),
        (['x.jpg', '--out-dir', 'o', '--classes'], 2, '--classes: expected at least'),
        (['x.jpg', '--out-dir', ''], 2, "--out-dir: it is empty; write '.'"),
        (['x.jpg', '--out-dir', 'o', '--clip', ''], 2, '--clip: it is empty; write'),
        (['x.jpg', '--out-dir', 'o', '--threshold', '2'], 2, 'threshold 2.0: between'),
        (
            ['x.jpg', '--out-dir', 'o', '--classes', 'a', 'a://b'],
            2,
            'a://b: is a picture or a folder',
        ),
    ],
)
def test_the_command_answers_at_once(words, status, text):
    said = call(*words)
    assert said[0] == status and text in said[1]
    assert not said[2]


@pytest.mark.parametrize(
    'words, text',
    [
        (['nowhere.jpg'], 'nowhere.jpg: does not exist.\nclsclip: no picture was'),
        (['no*.jpg'], 'no*.jpg: no picture has such a name'),
        (['text.jpg', 'empty.png'], 'text.jpg: is no picture (BMP, GIF, JPEG'),
        (['text.jpg', 'empty.png'], 'empty.png: is empty'),
        (['text.jpg', 'empty.png'], '0 of 2 pictures segmented; nothing is written'),
        (['a.png', '--config', 'no.py'], 'The config no.py is neither there'),
        (['a.png', '--config', CONFIG, '--checkpoint', 'no.pth'], 'no.pth can not be'),
        (['a.png', '--checkpoint', 'no.pth'], 'no.pth: give the config'),
        (['a.png', '--clip', '/no/such.pt'], "weights '/no/such.pt' do not exist"),
        (['a.png', '--out-dir', 'a.png'], "File exists: 'a.png'"),
        (['a.png', '--out-dir', 'there'], '1 results exist: there/a.json'),
        (['a.png', '--classes', *map(str, range(257))], '257 labels; a mask'),
    ],
)
def test_what_can_be_seen_to_be_wrong_is_refused_at_once(words, text, tmp_path):
    (tmp_path / 'text.jpg').write_text('hello')
    (tmp_path / 'empty.png').touch()
    (tmp_path / 'a.png').write_bytes((ROOT / 'docs/clsclip.png').read_bytes())
    (tmp_path / 'there').mkdir()
    (tmp_path / 'there/a.json').touch()
    where = [] if '--out-dir' in words else ['--out-dir', 'out']
    status, said, heavy = call(*words, *where, cwd=tmp_path)
    assert status == 1 and text in said and 'Traceback' not in said
    assert not heavy and not (tmp_path / 'out').exists()


def test_what_is_asked_imports_the_package(tmp_path):
    picture = ROOT / 'docs/clsclip.png'
    status, said, heavy = call(
        picture, '--out-dir', tmp_path / 'out', '--config', ROOT / 'setup.py'
    )
    assert status == 1 and 'setup.py is no config that can be read' in said
    assert heavy == HEAVY


@pytest.mark.parametrize(
    'tool, words, status, text',
    [
        *(
            (tool, [*words, 'no.py', *more], 2, 'the config no.py is not there')
            for tool, words, more in (
                ('export', [], ['none', '--out-dir', 'o']),
                ('calibrate_presence', [], ['none']),
                ('check_dataset', [], []),
                ('benchmark', ['--config'], []),
                ('benchmark_export', [], []),
                ('benchmark_presence', ['--config'], []),
                ('benchmark_training', ['--config'], []),
                ('visualize_navigation', ['--config'], []),
                ('zoom_in_cost', [], []),
            )
        ),
        *(
            (tool, [*words, 'no.pth', *more], 2, 'no.pth can not be found')
            for tool, words, more in (
                ('export', ['setup.py'], ['--out-dir', 'o']),
                ('calibrate_presence', ['setup.py'], []),
                ('benchmark_export', ['setup.py'], []),
                ('visualize_navigation', ['--checkpoint'], []),
            )
        ),
        ('compare', ['--model', 'a', 'no.py'], 1, '1 of 1 configs do not exist'),
        ('compare', ['--result', 'a', 'no.json'], 1, '1 of 1 results do not exist'),
        ('visualize_navigation', ['a.png'], 1, 'Write --class NAME'),
        ('visualize_navigation', ['a.png', '--class', 'b'], 1, 'a.png: '),
        ('web_demo', ['--config', 'no.py'], 1, 'web_demo.py: The config no.py is'),
        ('web_demo', ['--baseline-config', 'no.py'], 1, 'The config no.py is'),
    ],
)
def test_tools_refuse_files_that_are_not_there_at_once(tool, words, status, text):
    said = start(ROOT / f'tools/{tool}.py', *words)
    assert said[0] == status and text in said[1]
    assert not said[2]


@pytest.mark.parametrize('tool', [tool for tool in TOOLS if tool not in HEAVY_TOOLS])
def test_tools_show_their_help_at_once(tool):
    status, said, heavy = start(ROOT / 'tools' / tool, '--help')
    assert status == 0 and said.startswith('usage: ')
    assert not heavy


def test_the_package_registers_its_classes_when_it_is_imported():
    code = (
        'from mmengine.utils import import_modules_from_strings as take\n'
        "take(['mmseg_clsclip'])\n"
        'from mmseg.registry import DATASETS, MODELS\n'
        "assert 'ClsCLIP' in MODELS and 'EpisodeDataset' in DATASETS"
    )
    assert start('-c', code)[0] == 0
