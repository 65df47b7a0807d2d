"""Help, versions and refusals import nothing heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

from mmseg_clsclip.version import __version__

ROOT = Path(__file__).parents[2]
HEAVY = {'torch', 'mmengine', 'mmcv', 'mmseg', 'open_clip', 'numpy', 'mmseg_clsclip'}
# Those whose options are asked of mmseg's own tools, or of what is heavy.
HEAVY_TOOLS = {
    'dataset_converters/coco_20i.py',
    'dataset_converters/pascal_5i.py',
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


def start(*command):
    """Run Python; its status, its output, and which heavy packages it imported."""
    done = subprocess.run(
        [sys.executable, '-X', 'importtime', *map(str, command)],
        cwd=ROOT,
        text=True,
        capture_output=True,
    )
    lines, said = [], []
    for line in done.stderr.splitlines():
        (lines if line.startswith('import time:') else said).append(line)
    imported = {line.split('|')[-1].strip().split('.')[0] for line in lines}
    assert 'argparse' in imported
    return done.returncode, done.stdout + '\n'.join(said), imported & HEAVY


def call(*words):
    """Call the command as its console script does."""
    code = 'import sys; from mmseg_clsclip_cli.command import main; main(sys.argv[1:])'
    return start('-c', code, *words)


@pytest.mark.parametrize(
    'words, status, text',
    [
        (['--help'], 0, 'clsclip shapes-5i://test/0/000004.bmp --out-dir out'),
        (['--version'], 0, f'mmseg_clsclip {__version__}\n'),
        ([], 2, 'required: PICTURE, --out-dir (pictures come before --classes'),
        (['x.jpg'], 2, 'clsclip: error: the following arguments are required: --out'),
        (['x.jpg', '--out-dir', 'o', '--nonsense'], 2, 'arguments: --nonsense'),
        (['x.jpg', '--out-dir', 'o', '--classes'], 2, '--classes: expected at least'),
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


def test_what_is_asked_imports_the_package(tmp_path):
    status, said, heavy = call('nowhere.jpg', '--out-dir', tmp_path / 'out')
    assert status == 1 and 'clsclip: no picture was found' in said
    assert heavy == HEAVY


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
