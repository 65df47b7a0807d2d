"""Converters run as their command line does, but in this process."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[3] / 'tools/dataset_converters'


@pytest.fixture
def tool(monkeypatch, capsys):
    """Run a converter with arguments; returns what it prints."""
    monkeypatch.syspath_prepend(str(TOOLS))

    def run(name, *args, workers=1):
        if args[0] != 'ids':
            args = (*args, '--workers', workers)
        monkeypatch.setattr(sys, 'argv', [name, *map(str, args)])
        import_module(name).main()
        return capsys.readouterr().out

    return run
