"""The machine that measures: its peak of memory and its name."""

import os
import platform
import sys

import torch
from mmengine.device import get_device


def peak_memory(device: str) -> int:
    """Return the peak in bytes: on the device if torch counts it, else resident."""
    if device.startswith('cuda'):
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ModuleNotFoundError:  # on Windows
        import psutil

        return psutil.Process().memory_info().peak_wset
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == 'darwin' else 1024)


def reset_peak_memory(device: str) -> None:
    """Begin a new peak where torch counts the device's memory; else none can."""
    if device.startswith('cuda'):
        torch.cuda.reset_peak_memory_stats(device)


def describe_machine(device: str) -> str:
    """Return processor, device, torch and its threads in a line."""
    cores = (
        len(os.sched_getaffinity(0))
        if hasattr(os, 'sched_getaffinity')
        else os.cpu_count()
    )
    return (
        f'{platform.machine()}, {cores} cores, {_name(device)}; torch '
        f'{torch.__version__}, {torch.get_num_threads()} threads'
    )


def describe_arithmetic() -> str:
    """Name what a seed does not hold fast: instructions, the device and torch."""
    arithmetic = f'{platform.machine()} {torch.backends.cpu.get_cpu_capability()}'
    if (device := get_device()) != 'cpu':
        arithmetic += f', {_name(device)}'
    return f'{arithmetic}, torch {torch.__version__}'


def _name(device: str) -> str:
    """Return a card's name where torch knows it, else the device as it is."""
    return torch.cuda.get_device_name(device) if device.startswith('cuda') else device


def check_device(device: str | None) -> str:
    """Return a device, mmengine's choice by default, which must be there.

    Raises:
        ValueError: If it is not.
    """
    device = device or get_device()
    try:
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f'device={device!r}: {reason}') from error
    return device
