"""The scripts for Slurm ask srun for the right things."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not shutil.which('bash') or os.name != 'posix', reason='POSIX shell'
)
TOOLS = Path(__file__).parents[2] / 'tools'
# What is asked for, a word a line.
FAKE = '#!/bin/sh\nprintf "%s\\n" "$@"\necho "PYTHONPATH=$PYTHONPATH"\n'
POSITIONAL = dict(train=['a config.py'], test=['a config.py', 'weights.pth'])


def call(tool, words, folder, **environment):
    srun = folder / 'srun'
    srun.write_text(FAKE)
    srun.chmod(0o755)
    path = os.pathsep.join([str(folder), os.environ['PATH']])
    return subprocess.run(
        ['bash', TOOLS / f'slurm_{tool}.sh', *words],
        cwd=folder,
        text=True,
        capture_output=True,
        env=dict(PATH=path, PYTHONPATH='/other', **environment),
    )


@pytest.mark.parametrize('tool', POSITIONAL)
def test_four_gpus_of_one_node_are_the_default(tool, tmp_path):
    words = POSITIONAL[tool]
    done = call(tool, ['gpu', 'my job', *words, '--amp', '--work-dir', 'a b'], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        '--partition=gpu',
        '--job-name=my job',
        '--ntasks=4',
        '--ntasks-per-node=4',
        '--gres=gpu:4',
        '--cpus-per-task=5',
        '--kill-on-bad-exit=1',
        'python',
        '-u',
        str(TOOLS / f'{tool}.py'),
        *words,
        '--launcher=slurm',
        '--amp',
        '--work-dir',
        'a b',
        f'PYTHONPATH={TOOLS}/..:/other',
    ]


@pytest.mark.parametrize('tool', POSITIONAL)
def test_the_environment_says_otherwise(tool, tmp_path):
    done = call(
        tool,
        ['gpu', 'job', *POSITIONAL[tool]],
        tmp_path,
        GPUS='16',
        GPUS_PER_NODE='8',
        CPUS_PER_TASK='3',
        PYTHON='/opt/python',
        SRUN_ARGS='--mem=9G --exclusive',
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2:10] == [
        '--ntasks=16',
        '--ntasks-per-node=8',
        '--gres=gpu:8',
        '--cpus-per-task=3',
        '--kill-on-bad-exit=1',
        '--mem=9G',
        '--exclusive',
        '/opt/python',
    ]


@pytest.mark.parametrize('tool', POSITIONAL)
def test_too_few_words_say_how_it_is_called(tool, tmp_path):
    done = call(tool, ['gpu', 'job', *POSITIONAL[tool][:-1]], tmp_path)
    assert done.returncode == 2 and not done.stdout
    assert f'Usage: tools/slurm_{tool}.sh PARTITION JOB_NAME CONFIG' in (done.stderr)
