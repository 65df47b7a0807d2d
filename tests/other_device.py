"""Another device than the CPU, where there is none.

:class:`Elsewhere` is a tensor that says it is on one and
keeps its values on the CPU. Tensors of two devices in one operation are refused, as
there, and what makes the host wait is counted: to read values, and to copy those of
ordinary memory. A device's own arithmetic, its speed and its memory are not here: see
tools/gpu_check.py.
"""

import copy
from collections import Counter
from contextlib import contextmanager
from unittest import mock

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device('cuda:0')
CPU = torch.device('cpu')
aten = torch.ops.aten
COPIES = aten._to_copy.default, aten.copy_.default
JOINS = aten.cat.default, aten.stack.default
# The indices may be on the CPU; what they take and put may not.
INDEXED = (
    aten.index.Tensor,
    aten.index_put.default,
    aten.index_put_.default,
    aten._index_put_impl_.default,
)
# What has as many elements, or a number, as the values say.
WAITS = (
    aten._local_scalar_dense.default,
    aten.nonzero.default,
    aten.masked_select.default,
    aten.bincount.default,
    aten._unique2.default,
    aten.unique_dim.default,
    aten.unique_consecutive.default,
    aten.repeat_interleave.Tensor,
    aten.equal.default,
)


class Elsewhere(Tensor):
    """A tensor on another device, whose values are in ``here``."""

    @staticmethod
    def __new__(cls, here):
        self = Tensor._make_wrapper_subclass(
            cls,
            here.size(),
            strides=here.stride(),
            storage_offset=here.storage_offset(),
            dtype=here.dtype,
            device=DEVICE,
        )
        self.here = here.detach()
        return self

    def __repr__(self):
        return f'Elsewhere({self.here})'

    def tolist(self):
        Device.waits['tolist'] += 1
        return self.here.tolist()

    def numpy(self, *args, **kwargs):
        raise TypeError('A tensor elsewhere is no array: .cpu() comes first.')

    __array__ = numpy

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


class Device(TorchDispatchMode):
    """Makes tensors of operations that name the other device."""

    waits: Counter = Counter()  # by the operation that waited

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


def is_elsewhere(value):
    return isinstance(value, Elsewhere)


def bring(value):
    return value.here if is_elsewhere(value) else value


def send(value):
    return Elsewhere(value) if type(value) is Tensor else value


def check_devices(func, args, tensors):
    """Refuse tensors of both, but for indices and numbers from the CPU.

    A number is none where it is joined or written to.
    """
    if func in INDEXED:
        tensors = [x for x in (args[0], *args[2:3]) if isinstance(x, Tensor)]
    near = [x for x in tensors if not is_elsewhere(x)]
    shaped = func in JOINS or (func in INDEXED and any(x is args[0] for x in near))
    if any(x.ndim or shaped for x in near):
        raise RuntimeError(f'{func} of two devices; {near} is on the CPU.')


def run(func, args, kwargs):
    """Run an operation on the CPU as if where its tensors are."""
    tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
    far, device = any(map(is_elsewhere, tensors)), kwargs.get('device')
    goes = torch.device(device).type == DEVICE.type if device else far
    if func in COPIES:
        source = args[0] if func is aten._to_copy.default else args[1]
        if func is aten.copy_.default:
            goes = is_elsewhere(args[0])
        asynchronous = kwargs.get('non_blocking') or True in args[2:]
        waits = is_elsewhere(source) != goes and not asynchronous
    else:
        if far:
            check_devices(func, args, tensors)
        masks = args[1] if func in INDEXED else ()
        masked = any(x is not None and x.dtype == torch.bool for x in masks)
        waits = far and (func in WAITS or masked)
    if waits:
        Device.waits[str(func)] += 1
    options = {**kwargs, 'device': CPU} if device and goes else kwargs
    result = func(*tree_map(bring, args), **tree_map(bring, options))
    if 'out' in kwargs:
        return kwargs['out']
    if args and is_elsewhere(args[0]) and result is args[0].here:  # in place
        return args[0]
    return tree_map(send, result) if goes else result


@contextmanager
def another_device():
    """Let torch believe in the other device, while this lasts.

    What torch has for where no driver is stays in place for the whole process.
    """
    # As torch's own fake tensors do it: no driver is looked for.
    torch._C._ensureCUDADeviceGuardSet()
    lifted = torch._C._only_lift_cpu_tensors()
    replaced = torch.__future__.get_overwrite_module_params_on_conversion()
    torch._C._set_only_lift_cpu_tensors(True)
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    Device.waits.clear()
    cuda = dict.fromkeys(('_lazy_init', 'reset_peak_memory_stats'), lambda *_: None)
    cuda['is_bf16_supported'] = lambda **_: True
    cuda['max_memory_allocated'] = lambda *_: 0
    try:
        with (
            mock.patch.multiple(torch.cuda, **cuda),
            mock.patch.object(
                torch.cuda.amp.common, 'amp_definitely_not_available', bool
            ),
            Device(),
        ):
            yield
    finally:
        torch._C._set_only_lift_cpu_tensors(lifted)
        torch.__future__.set_overwrite_module_params_on_conversion(replaced)


def sent(model):
    """A copy that is elsewhere."""
    return copy.deepcopy(model).to(DEVICE)
