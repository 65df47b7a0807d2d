"""The sdist has all that the wheel is built from; the wheel works alone."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
import setuptools

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        int(setuptools.__version__.split('.')[0]) < 71 and not find_spec('wheel'),
        reason='setuptools below 71 builds wheels with the package wheel',
    ),
]
ROOT = Path(__file__).parents[1]
PACKAGES = ('mmseg_clsclip', 'mmseg_clsclip_cli')
FOLDERS = ('configs', 'docs', *PACKAGES, 'requirements', 'tests', 'tools')
IMPORTED = """
import mmseg_clsclip
from mmengine.config import Config
from mmseg_clsclip.utils.config_files import configs_folder
print(mmseg_clsclip.__file__)
print(mmseg_clsclip.__version__)
print(configs_folder())
configs = configs_folder()
Config.fromfile(configs / 'shapes/clsclip_shapes-5i_fold0.py')
for path in (configs / 'clsclip_plus').glob('*_shapes-5i_*.py'):
    proposals = Config.fromfile(path).model.proposals
    for key in {'file', 'ann_file'} & set(proposals):
        assert open(proposals[key]).read(), (path, key)
        print(path.name, key)
"""


def run(*command, cwd, **environment):
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=dict(os.environ, **environment),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def files(folder):
    """All below it, as texts, but what Python makes."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    """Source, sdist and the wheel that is built from the sdist."""
    folder = tmp_path_factory.mktemp('built')
    source, sdists, wheels = (folder / name for name in ('source', 'sdists', 'wheels'))
    for name in FOLDERS:
        shutil.copytree(
            ROOT / name,
            source / name,
            # docs/sphinx/api is what make docs writes.
            ignore=shutil.ignore_patterns('__pycache__', '.mim', 'api'),
        )
    for path in ROOT.iterdir():
        if path.is_file() and path.name[0] != '.':
            shutil.copy(path, source)
    sdists.mkdir()
    run(
        '-c',
        f'from setuptools.build_meta import build_sdist\nbuild_sdist({str(sdists)!r})',
        cwd=source,
    )
    (sdist,) = sdists.iterdir()
    run(
        '-m',
        'pip',
        'wheel',
        '--no-index',
        '--no-deps',
        '--no-build-isolation',
        '-w',
        wheels,
        sdist,
        cwd=folder,
    )
    (wheel,) = wheels.iterdir()
    return source, sdist, wheel


def test_the_sdist_has_the_tests_and_what_they_need(built):
    source, sdist, _ = built
    with tarfile.open(sdist) as file:
        names = {name.partition('/')[2] for name in file.getnames()}
    expected = {name for name in files(source) if '.egg-info' not in name}
    assert expected - names == set()


def test_the_wheel_has_the_package_configs_and_tools(built):
    source, _, wheel = built
    with zipfile.ZipFile(wheel) as file:
        names = {name for name in file.namelist() if 'dist-info' not in name}
        executable = {
            name for name in names if file.getinfo(name).external_attr >> 16 & 0o100
        }
    mim = 'mmseg_clsclip/.mim'
    assert names == {
        f'{mim}/model-index.yml',
        *(
            f'{package}/{name}'
            for package in PACKAGES
            for name in files(source / package)
        ),
        *(
            f'{mim}/{folder}/{name}'
            for folder in ('configs', 'tools')
            for name in files(source / folder)
        ),
    }
    assert os.name != 'posix' or f'{mim}/tools/dist_test.sh' in executable


def test_installed_it_stands_alone(built, tmp_path):
    _, _, wheel = built
    site, empty = tmp_path / 'site', tmp_path / 'empty'
    empty.mkdir()
    run(
        '-m',
        'pip',
        'install',
        '--no-index',
        '--no-deps',
        '--target',
        site,
        wheel,
        cwd=tmp_path,
    )
    package = site / 'mmseg_clsclip'
    *_, file, version, configs, used, other = run(
        '-c', IMPORTED, cwd=empty, PYTHONPATH=str(site)
    )
    assert {used.split()[0], other.split()[0]} == {
        'clsclip-plus_shapes-5i_fold0_detector.py'
    }
    assert Path(file) == package / '__init__.py'
    assert version in wheel.name
    assert Path(configs) == package / '.mim/configs'
    run(
        package / '.mim/tools/test.py',
        package / '.mim/configs/shapes/clsclip_shapes-5i_fold0.py',
        package / 'assets/clsclip_shapes-5i_fold0.pth',
        '--cfg-options',
        'test_dataloader.dataset.dataset.length=4',
        'test_dataloader.num_workers=0',
        'test_dataloader.persistent_workers=False',
        cwd=empty,
        PYTHONPATH=str(site),
    )
    (result,) = empty.glob('work_dirs/*/*/*.json')
    assert '"miou_seen"' in result.read_text()
    assert [path.name for path in empty.iterdir()] == ['work_dirs']
