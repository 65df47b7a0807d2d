"""What means nothing to a user is silent in commands, and nowhere else."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings

ROOT = Path(__file__).parents[2]
# As mmseg, mmcv and torch say it.
FOREIGN = [
    '``build_loss`` would be deprecated soon, please use '
    '``mmseg.registry.MODELS.build()`` ',
    'The draw is False, it means that the hook for visualization will not take effect.',
    'Fail to import ``MultiScaleDeformableAttention`` from '
    '``mmcv.ops.multi_scale_deform_attn``, You should install ``mmcv`` rather than '
    '``mmcv-lite`` if you need this module. ',
    '`isinstance(treespec, LeafSpec)` is deprecated, use `isinstance(treespec, '
    'TreeSpec) and treespec.is_leaf()` instead.',
]
OTHER = 'build_loss has no weights: `loss` is random'
SAY = f"""
import warnings
for text in {[*FOREIGN, OTHER]!r}:
    warnings.warn(text)
"""
IGNORE = (
    'from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings\n'
    'ignore_foreign_warnings()\n'
)
INNER = f'import subprocess, sys\nsubprocess.run([sys.executable, "-c", {SAY!r}])'


def stderr(*command):
    environment = {k: v for k, v in os.environ.items() if k != 'PYTHONWARNINGS'}
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=ROOT,
        env=environment,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize('code', [SAY, INNER])
def test_those_alone_are_silent_in_a_process_and_in_what_it_starts(code):
    plain = stderr('-c', code)
    assert all(text in plain for text in [*FOREIGN, OTHER])
    quiet = stderr('-c', IGNORE + code)
    assert OTHER in quiet and not any(text in quiet for text in FOREIGN)


def test_what_the_user_asked_of_warnings_stays(monkeypatch):
    monkeypatch.setenv('PYTHONWARNINGS', 'error::ResourceWarning')
    with warnings.catch_warnings():
        for _ in range(2):
            ignore_foreign_warnings()
    theirs, *mine = os.environ['PYTHONWARNINGS'].split(',')
    assert theirs == 'error::ResourceWarning' and len(mine) == len(FOREIGN)


def test_to_import_the_package_silences_nothing():
    said = stderr('-c', 'import mmseg_clsclip' + SAY)
    assert all(text in said for text in [*FOREIGN, OTHER])


@pytest.mark.slow
def test_a_tool_says_nothing_on_stderr():
    """Its model is built in a process of its own; mmseg warns of each."""
    said = stderr(
        'tools/benchmark.py',
        '--config',
        'configs/shapes/clsclip_shapes-5i_fold0.py',
        *'--size 32 --classes 1 --naive-classes 1 --repeat 1 --device cpu'.split(),
    )
    assert not said
