"""The machine: its peak of memory and its name."""

import sys
from types import SimpleNamespace

import pytest
import torch

from mmseg_clsclip.utils import machine
from mmseg_clsclip.utils.machine import (
    describe_arithmetic,
    describe_machine,
    peak_memory,
)


def test_peak_memory_where_there_is_no_resource(monkeypatch):
    class Process:
        def memory_info(self):
            return SimpleNamespace(peak_wset=7)

    monkeypatch.setitem(sys.modules, 'resource', None)
    monkeypatch.setitem(sys.modules, 'psutil', SimpleNamespace(Process=Process))
    assert peak_memory('cpu') == 7


def test_the_machine_in_a_line():
    assert peak_memory('cpu') > 2**20
    assert 'cores, cpu; torch' in describe_machine('cpu')


@pytest.mark.parametrize(
    ('device', 'named'), [('cpu', ''), ('mps', ', mps'), ('cuda', ', A card')]
)
def test_what_a_seed_does_not_hold_fast(device, named, monkeypatch):
    monkeypatch.setattr(machine, 'get_device', lambda: device)
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda device: 'A card')
    instructions, *others = describe_arithmetic().split(', ')
    assert ', '.join(['', *others]) == f'{named}, torch {torch.__version__}'
    assert torch.backends.cpu.get_cpu_capability() in instructions
