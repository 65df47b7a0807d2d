"""The tool draws a picture of one's own and a scene, and measures."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
main = runpy.run_path(str(ROOT / 'tools/visualize_navigation.py'))['main']
FEW = ['--cfg-options', 'test_dataloader.dataset.dataset.length=8']
WHOLE = ['--config', str(ROOT / 'configs/shapes/clsclip_shapes-5i_whole.py')]


def test_a_scene_and_a_picture_of_ones_own(tmp_path, capsys):
    file = tmp_path / 'scene.png'
    main(['--out', str(file), *FEW])
    assert "'red cross' in shapes-5i://test/0/" in capsys.readouterr().out
    assert np.array(Image.open(file)).std() > 0

    photo, file = tmp_path / 'photo.jpg', tmp_path / 'photo.png'
    Image.fromarray(np.random.randint(0, 255, (50, 70, 3), np.uint8)).save(photo)
    main([str(photo), '--class', 'purple star', '--out', str(file), *WHOLE])
    assert f"'purple star' in {photo}" in capsys.readouterr().out
    assert Image.open(file).format == 'PNG'


def test_the_measure(capsys):
    main(['--scenes', '8', *FEW])
    text = re.sub(' +', ' ', capsys.readouterr().out)  # as no table is aligned
    lines = [line for line in text.splitlines() if line.startswith('|')]
    rows = {
        line.split(' | ')[0]: [float(v) for v in re.findall(r'\| (\d+\.\d)', line)]
        for line in lines[2:]
    }
    assert len(rows) == 12 and all(len(row) == 9 for row in rows.values())
    seen = [row for name, row in rows.items() if '| seen' in name]
    # The text comes in before block 2; before, all three are the same.
    assert seen[0][:2] == seen[1][:2] == seen[2][:2]
    assert seen[3][2] > 2 * seen[5][2]


@pytest.mark.parametrize(
    'words,message',
    [
        (['photo.jpg'], 'Which class'),
        (['nowhere.jpg', '--class', 'cat'], 'nowhere.jpg'),
        (['--class', 'cat', *FEW], 'asks for cat'),
        (WHOLE, 'asks for all classes at once'),
        (
            [
                '--config',
                str(ROOT / 'configs/ablations/clsclip_blocks-0_shapes-5i_fold0.py'),
            ],
            r'fold0\.pth: .* trained with backbone.navigate_blocks=\[2, 3, 4\],',
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(words, message, tmp_path):
    file = tmp_path / 'none.png'
    with pytest.raises(SystemExit, match=message):
        main([*words, '--out', str(file)])
    assert not list(tmp_path.iterdir())
