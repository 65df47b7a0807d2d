"""The machine: its device, its driver and the versions of what runs."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import torch
from torch.utils import collect_env

from ...utils.machine import describe_machine
from ...version import __version__
from .plan import Plan

# Of the three families whichever is there.
PACKAGES = (
    'torchvision',
    'mmengine',
    'onedl-mmengine',
    'mmcv',
    'mmcv-lite',
    'onedl-mmcv',
    'mmsegmentation',
    'onedl-mmsegmentation',
    'open_clip_torch',
    'numpy',
)


def describe_device(plan: Plan) -> Iterator[dict]:
    """Give what must be known of a machine to compare figures."""

    def row(what: str, value: object) -> dict:
        return dict(what=what, value=str(value))

    yield row('machine', describe_machine(plan.device))
    if plan.device.startswith('cuda'):
        card = torch.cuda.get_device_properties(plan.device)
        yield row('card', card.name)
        yield row('memory, GiB', f'{card.total_memory / 2**30:.1f}')
        yield row('compute capability', f'{card.major}.{card.minor}')
        yield row('driver', collect_env.get_nvidia_driver_version(collect_env.run))
        yield row('CUDA of torch', torch.version.cuda or f'ROCm {torch.version.hip}')
        yield row('cuDNN', torch.backends.cudnn.version())
    yield row('system', platform.platform())
    yield row('Python', platform.python_version())
    yield row('torch', torch.__version__)
    for package in PACKAGES:
        try:
            yield row(package, version(package))
        except PackageNotFoundError:
            continue
    yield row('mmseg_clsclip', __version__)
