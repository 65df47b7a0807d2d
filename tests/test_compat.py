"""What the stacks lack is provided, what they have is left alone."""

import importlib.machinery
import importlib.metadata
import importlib.util
import os
import pickle
import pkgutil
import subprocess
import sys
import types
from pathlib import Path

import mmcv
import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim import scheduler as schedulers
from mmengine.utils.dl_utils.misc import mmcv_full_available
from torch.torch_version import TorchVersion

from mmseg_clsclip import compat

ROOT = Path(__file__).parents[1]
STACK = ('torch', 'open_clip', 'mmengine', 'mmcv', 'mmseg', 'ftfy', 'regex')


@pytest.fixture
def lite(monkeypatch):
    """As if mmcv-lite and the official mmseg were installed."""

    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    modules = {k: v for k, v in sys.modules.items() if k != 'mmcv._ext'}
    monkeypatch.setattr(sys, 'modules', modules)
    monkeypatch.setattr(importlib.metadata, 'version', version)
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    return monkeypatch


def test_missing_operators_can_be_imported_and_say_so_when_called(lite):
    compat.provide_mmcv_operators()
    module = sys.modules['mmcv._ext']
    assert hasattr(module, 'sigmoid_focal_loss_forward')
    with pytest.raises(RuntimeError, match="'nms' is compiled code"):
        module.nms(1, iou=2)
    compat.provide_mmcv_operators()
    assert sys.modules['mmcv._ext'] is module


def test_an_imported_operator_module_is_left_alone(lite):
    sys.modules['mmcv._ext'] = compiled = types.ModuleType('mmcv._ext')
    compat.provide_mmcv_operators()
    assert sys.modules['mmcv._ext'] is compiled


def test_an_installed_operator_module_is_left_alone(lite):
    spec = importlib.machinery.ModuleSpec('mmcv._ext', None)
    lite.setattr(importlib.util, 'find_spec', {'mmcv._ext': spec}.get)
    compat.provide_mmcv_operators()
    assert 'mmcv._ext' not in sys.modules


def test_the_fork_needs_no_operators(lite):
    lite.setattr(
        importlib.metadata, 'version', {'onedl-mmsegmentation': '1.4.2'}.__getitem__
    )
    compat.provide_mmcv_operators()
    assert 'mmcv._ext' not in sys.modules


def test_mmengine_is_not_deceived_about_the_operators():
    compiled = list(Path(mmcv.__file__).parent.glob('_ext.*'))
    assert mmcv_full_available() == bool(compiled)


def test_find_loader_is_provided_only_where_it_is_gone(monkeypatch):
    monkeypatch.setattr(pkgutil, 'find_loader', original := object(), raising=False)
    compat.provide_find_loader()
    assert pkgutil.find_loader is original
    monkeypatch.delattr(pkgutil, 'find_loader')
    compat.provide_find_loader()
    assert pkgutil.find_loader('json') is not None
    assert pkgutil.find_loader('no_such_module') is None


def param_schedulers():
    """One of each kind of mmengine's, after a step."""
    kinds = dict(
        ConstantLR={},
        ExponentialLR=dict(gamma=0.9),
        LinearLR={},
        PolyLR={},
        CosineAnnealingLR=dict(T_max=4),
        StepLR=dict(step_size=2),
        MultiStepLR=dict(milestones=[1, 3]),
        CosineRestartLR=dict(periods=[2, 2], restart_weights=[1, 1], eta_min=0),
        OneCycleLR=dict(eta_max=1, total_steps=4),
        ReduceOnPlateauLR=dict(monitor='loss'),
    )
    kinds = list(kinds.items()) + [
        ('OneCycleLR', dict(eta_max=1, total_steps=4, anneal_strategy='linear'))
    ]
    for kind, options in kinds:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
        scheduler = getattr(schedulers, kind)(optimizer, **options)
        optimizer.step()
        if kind == 'ReduceOnPlateauLR':
            scheduler.step(dict(loss=1.0))
        else:
            scheduler.step()
        yield scheduler


def save(value, path):
    torch.save(dict(value=value), path)
    return path


def test_what_mmengine_saves_is_loaded(tmp_path):
    compat.allow_mmengine_checkpoints()
    buffer = HistoryBuffer()
    for value in (3, 0.5):
        buffer.update(value)
    saved = dict(
        log_scalars={'train/loss': buffer},
        scalars=[np.float64(1), np.float32(2), np.int64(3), np.bool_(True)],
        param_schedulers=[s.state_dict() for s in param_schedulers()],
    )
    # As the onedl fork does whenever it loads: on leaving, these are refused.
    with torch.serialization.safe_globals(
        [HistoryBuffer, np.ndarray, np.dtype, type(np.dtype('f8'))]
    ):
        pass
    loaded = torch.load(save(saved, tmp_path / 'x.pth'))['value']
    buffer = loaded['log_scalars']['train/loss']
    assert buffer.statistics('mean') == 1.75
    assert loaded['scalars'] == saved['scalars']
    assert loaded['param_schedulers'] == saved['param_schedulers']


class Reduced:
    """Pickled as the call of a function."""

    def __init__(self, function, *args):
        self.reduced = function, args

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize(
    'call',
    [
        (os.getpid,),
        (getattr, HistoryBuffer, '__init__'),
        (getattr, HistoryBuffer, '_statistics_methods.update'),
        (getattr, np.ndarray, 'tofile'),
    ],
    ids=str,
)
def test_anything_else_is_refused(call, tmp_path):
    compat.allow_mmengine_checkpoints()
    with pytest.raises(pickle.UnpicklingError):
        torch.load(save(Reduced(*call), tmp_path / 'x.pth'))


ALLOWS = """
import io, sys
import torch
sys.modules['mmseg_clsclip'] = type(sys)('mmseg_clsclip')  # compat alone
sys.modules['mmseg_clsclip'].__path__ = [sys.argv[1]]
from mmseg_clsclip import compat
from mmengine.logging import HistoryBuffer

class Reduced:
    def __init__(self, *reduced):
        self.reduced = reduced
    def __reduce__(self):
        return self.reduced

def load(*call):
    with io.BytesIO() as file:
        torch.save(Reduced(getattr, call), file)
        file.seek(0)
        return torch.load(file)

add = torch.serialization.add_safe_globals
calls = [(torch.Size, 'count'), (torch.Size, 'none', None),
         (HistoryBuffer, 'mean')]
if sys.argv[2] == 'before':
    add([getattr])
compat.allow_mmengine_checkpoints()
if sys.argv[2] == 'after':
    add([(getattr, 'builtins.getattr')])
assert [load(*call) for call in calls] == [getattr(*call) for call in calls]
torch.serialization.clear_safe_globals()
compat.allow_mmengine_checkpoints()
assert load(*calls[2]) is HistoryBuffer.mean
for call in calls[:2]:
    try:
        load(*call)
    except Exception as error:
        assert 'Do not trust it' in str(error)
    else:
        raise AssertionError(call)
"""


@pytest.mark.parametrize(
    'when, seed', [('before', '0'), ('before', '1'), ('after', '0'), ('after', '1')]
)
def test_what_a_user_allows_stays_allowed(when, seed):
    # Which of two functions of one name torch takes changes with the seed.
    done = subprocess.run(
        [sys.executable, '-c', ALLOWS, str(ROOT / 'mmseg_clsclip'), when],
        env=dict(os.environ, PYTHONHASHSEED=seed),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_older_torch_is_refused(monkeypatch):
    monkeypatch.setattr(torch, '__version__', TorchVersion('2.5.1+cu121'))
    with pytest.raises(ImportError, match=r'torch >= 2\.6, and 2\.5\.1\+cu121 is inst'):
        compat.require_stack()


def import_without(missing, folder):
    """What Python prints where all but one part of the stack is installed."""
    for name in set(STACK) - {missing}:
        (folder / name).mkdir()
        (folder / name / '__init__.py').write_text('')
    code = (
        f'import sys; sys.path[:0] = {[str(ROOT), str(folder)]}\nimport mmseg_clsclip'
    )
    # Without site-packages, and so without the real ones.
    return subprocess.run(
        [sys.executable, '-I', '-S', '-c', code], capture_output=True, text=True
    ).stderr


@pytest.mark.parametrize('missing', STACK)
def test_a_missing_part_is_named_with_what_to_install(missing, tmp_path):
    error = import_without(missing, tmp_path).strip().splitlines()[-1]
    assert error.startswith(
        f"ImportError: mmseg_clsclip needs '{missing}', which is not installed. "
    )
    if missing.startswith('mm'):
        assert all(
            f'"mmseg_clsclip[{extra}]"' in error
            for extra in ('official', 'lite', 'onedl')
        )
    else:
        assert 'pytorch.org' in error or 'pip install' in error
