"""The machine's peak of memory."""

import sys
from types import SimpleNamespace

from mmseg_clsclip.utils.machine import describe_machine, peak_memory


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
