"""The precision of inference: its dtype, and weights that are cast to it once."""

import copy
import warnings

import torch
from torch import nn

from ...utils.weight_versions import weight_versions

# What runs for pictures and classes. Texts are read in full precision.
PARTS = 'backbone', 'decode_head'


def resolve_dtype(dtype: str | None, device: torch.device) -> torch.dtype | None:
    """Return the dtype of a test_cfg on a device, None to leave what surrounds.

    ``'auto'`` is bfloat16 where the device multiplies matrices of it, and float32
    elsewhere.
    """
    if dtype is None:
        return None
    if dtype == 'auto':
        return torch.bfloat16 if _multiplies_bfloat16(device) else torch.float32
    if dtype == 'float16' and device.type == 'cpu':
        warnings.warn(
            "test_cfg: dtype='float16' is slower than float32 on a CPU: write "
            "'bfloat16', or 'auto'.",
            stacklevel=2,
        )
    return getattr(torch, dtype)


def _multiplies_bfloat16(device: torch.device) -> bool:
    module = getattr(torch, device.type, None)
    if device.type == 'cpu':
        # Of older versions of torch none says so.
        asked = '_is_avx512_bf16_supported', '_is_amx_tile_supported'
        return any(getattr(module, name, bool)() for name in asked)
    supported = getattr(module, 'is_bf16_supported', bool)
    try:
        return supported(including_emulation=False)
    except TypeError:  # one that knows of none
        return supported()


class Precision:
    """A segmentor's precision, by the ``dtype`` of its ``test_cfg``.

    Autocast casts a frozen weight each time that it is used. So the answering
    parts are cast once, into a copy of the segmentor, which autocast then leaves
    as it is; what else a part does is autocast's business, as ever. What is set on
    the segmentor later is set on the copy; on a part, only after :meth:`forget`.
    """

    def __init__(self):
        self.forget()

    def __getstate__(self) -> dict:
        """Leave the copy out of what is pickled, or copied itself."""
        return vars(Precision())

    def forget(self) -> None:
        """Cast anew at the next call, whether or not a weight shows its change.

        A fused optimizer and what writes through ``.data``, as an average of
        weights does, leave no trace; nor do weights that were made under
        ``inference_mode``.
        """
        self._cast: nn.Module | None = None
        self._key: tuple = ()
        self._attributes: dict = {}

    def cast(self, segmentor: nn.Module, dtype: torch.dtype | None) -> nn.Module:
        """Return a segmentor of the same weights, cast if that saves anything.

        Args:
            segmentor (nn.Module): A :class:`CLIPSegmentor`.
            dtype (torch.dtype, optional): Half of float32, for a copy.
        """
        if dtype in (None, torch.float32) or torch.is_grad_enabled():
            return segmentor
        parts = {name: getattr(segmentor, name) for name in PARTS}
        weights = [
            tensor
            for part in parts.values()
            for tensor in (*part.parameters(), *part.buffers())
        ]
        key = (dtype, weight_versions(weights))
        if key != self._key:
            self.forget()  # before there are three
            cast = {name: copy.deepcopy(part).to(dtype) for name, part in parts.items()}
            self._cast, self._key = copy.copy(segmentor), key
            self._cast._modules = {**segmentor._modules, **cast}
        self._follow_attributes(segmentor)
        return self._cast

    def _follow_attributes(self, segmentor: nn.Module) -> None:
        """Give the copy what was set on the segmentor since the last call."""
        now = dict(vars(segmentor), **segmentor._modules)
        own = {'_modules', *PARTS}
        for name, value in now.items():
            if name not in own and value is not self._attributes.get(name, self):
                setattr(self._cast, name, value)
        self._attributes = now
