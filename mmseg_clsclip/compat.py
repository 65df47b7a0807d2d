"""All that older, lighter or forked stacks need; nothing else knows of them.

Three families run this package: the official mmcv with compiled operators,
``mmcv-lite``, and the onedl fork, whose import names are the same. Where
nothing is missing, nothing is done.
"""

import importlib.machinery
import importlib.metadata
import importlib.util
import pickle
import pkgutil
import sys
import types

_INSTALL = (
    'Install one family of the OpenMMLab stack: pip install '
    '"mmseg_clsclip[lite]" (mmcv-lite, pure Python), '
    '"mmseg_clsclip[onedl]" (the maintained fork) or, with '
    '--no-build-isolation, "mmseg_clsclip[official]" (compiled mmcv). '
    'Never two of them in one environment.'
)
# The name of getattr in a pickle.
_GETATTR = 'builtins.getattr'


def require_stack() -> None:
    """Say what to install if a part of the stack is missing.

    Raises:
        ImportError: If torch, open_clip, mmengine, mmcv or mmseg is missing, or
            torch is too old.
    """
    for module, hint in (
        ('torch', 'Install PyTorch: https://pytorch.org/get-started.'),
        ('open_clip', 'Install it: pip install open_clip_torch.'),
        ('mmengine', _INSTALL),
        ('mmcv', _INSTALL),
        ('mmseg', _INSTALL),
        ('ftfy', 'mmseg needs it undeclared: pip install ftfy regex.'),
        ('regex', 'mmseg needs it undeclared: pip install ftfy regex.'),
    ):
        if importlib.util.find_spec(module) is None:
            raise ImportError(
                f'mmseg_clsclip needs {module!r}, which is not installed. {hint}'
            )
    import torch

    if torch.__version__ < (2, 6):
        raise ImportError(
            f'mmseg_clsclip needs torch >= 2.6, and {torch.__version__} is installed: '
            'older ones run what a checkpoint holds. Install PyTorch: '
            'https://pytorch.org/get-started.'
        )


class _MissingOperators(types.ModuleType):
    """Stands in for ``mmcv._ext``: every attribute raises when called."""

    def __getattr__(self, name: str):
        if name.startswith('__'):
            raise AttributeError(name)

        def missing(*args, **kwargs):
            raise RuntimeError(
                f'The mmcv operator {name!r} is compiled code, which this '
                'mmcv does not have. ClsCLIP itself needs none; for models '
                'that do, install mmcv with its operators compiled.'
            )

        return missing


def provide_mmcv_operators() -> None:
    """Let ``import mmseg.models`` succeed with mmcv-lite.

    The official mmseg imports every operator's wrapper, and those look for
    ``mmcv._ext``. The fork's does without.
    """
    try:
        importlib.metadata.version('onedl-mmsegmentation')
    except importlib.metadata.PackageNotFoundError:
        pass
    else:
        return
    if 'mmcv._ext' not in sys.modules and importlib.util.find_spec('mmcv._ext') is None:
        module = _MissingOperators('mmcv._ext')
        # No loader: by this mmengine still sees that the code is absent.
        module.__spec__ = importlib.machinery.ModuleSpec('mmcv._ext', None)
        sys.modules['mmcv._ext'] = module


def provide_find_loader() -> None:
    """Give mmengine 0.10.7 the function that Python 3.14 has dropped."""
    if not hasattr(pkgutil, 'find_loader'):
        pkgutil.find_loader = lambda name: (
            spec.loader if (spec := importlib.util.find_spec(name)) else None
        )


def _guarded_getattr(*args):
    """Return an attribute, a method of the two classes that are pickled so.

    Of several functions allowed by one name torch takes any, as their hashes
    have it. So what others have allowed by this name is left to theirs.

    Raises:
        UnpicklingError: If nobody allows what is asked for.
    """
    import torch
    from mmengine.logging import HistoryBuffer
    from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler

    owner, name = args if len(args) == 2 else (None, None)
    if (
        any(owner is kind for kind in (HistoryBuffer, OneCycleParamScheduler))
        and isinstance(name, str)
        and not name.startswith('__')
        and name in vars(owner)
    ):
        return getattr(owner, name)
    for entry in torch.serialization.get_safe_globals():
        theirs, path = (
            entry
            if isinstance(entry, tuple)
            else (entry, f'{entry.__module__}.{entry.__qualname__}')
        )
        if path == _GETATTR and theirs is not _guarded_getattr:
            return theirs(*args)
    raise pickle.UnpicklingError(
        f"The checkpoint asks for getattr{args}, which none of mmengine's "
        'does. Do not trust it.'
    )


def allow_mmengine_checkpoints() -> None:
    """Let torch load what mmengine's Runner saves.

    A checkpoint holds training curves as HistoryBuffer objects and, of a
    one-cycle schedule, a function of its class. ``weights_only`` refuses them
    unless exactly these are allowed; it stays on for everything else.
    """
    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer
    from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler

    reconstruct = np.array(0).__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    kinds = [
        HistoryBuffer,
        OneCycleParamScheduler,
        np.ndarray,
        np.dtype,
        *{type(np.dtype(name)) for name in ('f8', 'f4', 'i8', 'i4', '?')},
    ]
    torch.serialization.add_safe_globals(
        [
            # With their names: what is allowed without one, the onedl fork takes
            # back after its first checkpoint.
            *((kind, f'{kind.__module__}.{kind.__qualname__}') for kind in kinds),
            (_guarded_getattr, _GETATTR),
            # numpy 1 and 2 name these functions differently in a pickle.
            (reconstruct, 'numpy.core.multiarray._reconstruct'),
            (reconstruct, 'numpy._core.multiarray._reconstruct'),
            (scalar, 'numpy.core.multiarray.scalar'),
            (scalar, 'numpy._core.multiarray.scalar'),
        ]
    )


def apply() -> None:
    """Do all of the above, in order; called when the package is imported."""
    require_stack()
    provide_mmcv_operators()
    provide_find_loader()
    allow_mmengine_checkpoints()


def converts_channels(preprocessor) -> bool:
    """Return whether a ``SegDataPreProcessor`` turns BGR into RGB, or back.

    mmseg's own has it as an attribute, the onedl fork's as a private one of
    mmengine's base class.
    """
    if hasattr(preprocessor, 'channel_conversion'):
        return preprocessor.channel_conversion
    return preprocessor._channel_conversion
