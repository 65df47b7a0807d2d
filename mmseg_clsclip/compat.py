"""All that older, lighter or forked stacks need; nothing else knows of them.

Three families run this package: the official mmcv with compiled operators,
``mmcv-lite``, and the onedl fork, whose import names are the same. Where
nothing is missing, nothing is done.
"""
import importlib.machinery
import importlib.util
import sys
import types

_INSTALL = ('Install one family of the OpenMMLab stack: pip install '
            '"mmseg_clsclip[official]" (compiled mmcv), "mmseg_clsclip[lite]" '
            '(mmcv-lite, pure Python) or "mmseg_clsclip[onedl]" (the '
            'maintained fork). Never two of them in one environment.')


def require_stack() -> None:
    """Say what to install if a part of the stack is missing.

    Raises:
        ImportError: If torch, open_clip, mmengine, mmcv or mmseg is missing.
    """
    for module, hint in (
        ('torch', 'Install PyTorch: https://pytorch.org/get-started.'),
        ('open_clip', 'Install it: pip install open_clip_torch.'),
        ('mmengine', _INSTALL), ('mmcv', _INSTALL), ('mmseg', _INSTALL),
        ('ftfy', 'mmseg needs it undeclared: pip install ftfy regex.'),
        ('regex', 'mmseg needs it undeclared: pip install ftfy regex.')):
        if importlib.util.find_spec(module) is None:
            raise ImportError(
                f'mmseg_clsclip needs {module!r}, which is not installed. '
                f'{hint}')


class _MissingOperators(types.ModuleType):
    """Stands in for ``mmcv._ext``: every attribute raises when called."""

    def __getattr__(self, name: str):
        if name.startswith('__'):
            raise AttributeError(name)

        def missing(*args, **kwargs):
            raise RuntimeError(
                f'The mmcv operator {name!r} is compiled code, which mmcv-lite '
                'does not have. ClsCLIP itself needs none; for models that '
                'do, replace mmcv-lite by mmcv.')

        return missing


def provide_mmcv_operators() -> None:
    """With mmcv-lite, let ``import mmseg.models`` succeed.

    mmseg imports every operator's wrapper, and those look for ``mmcv._ext``.
    """
    if 'mmcv._ext' not in sys.modules and importlib.util.find_spec(
            'mmcv._ext') is None:
        module = _MissingOperators('mmcv._ext')
        # No loader: by this mmengine still sees that the code is absent.
        module.__spec__ = importlib.machinery.ModuleSpec('mmcv._ext', None)
        sys.modules['mmcv._ext'] = module


def allow_mmengine_checkpoints() -> None:
    """Let torch >= 2.6 load what mmengine's Runner saves.

    A checkpoint holds training curves as HistoryBuffer objects, which
    ``weights_only`` refuses unless exactly their classes are allowed.
    """
    import torch
    if not hasattr(torch.serialization, 'add_safe_globals'):
        return  # torch < 2.4 has no such list and does not need it
    import numpy as np
    from mmengine.logging.history_buffer import HistoryBuffer
    reconstruct = np.array(0).__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    dtypes = {type(np.dtype(name)) for name in ('f8', 'f4', 'i8', 'i4', 'b')}
    # `getattr` is how HistoryBuffer pickles the names of its statistics.
    torch.serialization.add_safe_globals([
        HistoryBuffer, getattr, np.ndarray, np.dtype, reconstruct, scalar,
        # numpy 1 and 2 name these functions differently in a pickle.
        (reconstruct, 'numpy.core.multiarray._reconstruct'),
        (reconstruct, 'numpy._core.multiarray._reconstruct'),
        (scalar, 'numpy.core.multiarray.scalar'),
        (scalar, 'numpy._core.multiarray.scalar'), *dtypes
    ])


def apply() -> None:
    """Do all of the above, in order; called when the package is imported."""
    require_stack()
    provide_mmcv_operators()
    allow_mmengine_checkpoints()
