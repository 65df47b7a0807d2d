"""The command, called in a folder with pictures."""

from pathlib import Path

import pytest
from PIL import Image

from mmseg_clsclip.datasets.shapes_world import draw
from mmseg_clsclip_cli import command


@pytest.fixture
def clsclip(tmp_path, monkeypatch, capsys):
    """Call it in a folder with two scenes; its status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    for index, name in ((4, 'a'), (7, 'b')):
        path = Path('in', f'{name}.png')
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(draw(index, 'test', 0).picture).save(path)

    def _clsclip(*args):
        try:
            command.main([*map(str, args), '--out-dir', 'out', '--device', 'cpu'])
            status = 0
        except SystemExit as stopped:
            status = stopped.code
        return status, *capsys.readouterr()

    return _clsclip
