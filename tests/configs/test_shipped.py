"""What is shipped is what the tools make, and finds what it found."""

import gzip
import json
import sys
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from mmseg_clsclip.models.clip.loading import ASSETS

ROOT = Path(__file__).parents[2]
PLAIN = 'shapes/clsclip_shapes-5i_fold0'
PLUS = 'clsclip_plus/clsclip-plus_shapes-5i_fold0'


@pytest.fixture
def tool(monkeypatch):
    """Run a tool of Shapes-5i in this process."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools/shapes'))

    def run(name, *args):
        monkeypatch.setattr(sys, 'argv', [name, *map(str, args)])
        __import__(name).main()

    return run


# Of 20 scenes; `make demo` has those of all.
@pytest.mark.parametrize(
    'fold, config, unseen',
    [
        (0, PLAIN, 48.82),
        (1, PLAIN, 85.97),
        (2, PLAIN, 82.95),
        (3, PLAIN, 68.95),
        (0, f'{PLUS}_detector', 78.92),
        (0, PLUS, 53.17),
        (0, f'{PLUS}_windows', 78.29),
        (1, f'{PLUS}_detector', 89.62),
        (2, PLUS, 85.16),
        (3, f'{PLUS}_detector', 89.35),
    ],
)
def test_the_heads_find_what_they_found(tmp_path, fold, config, unseen):
    cfg = Config.fromfile(ROOT / f'configs/{config}.py')
    cfg.work_dir = str(tmp_path)
    cfg.load_from = str(ASSETS / f'clsclip_shapes-5i_fold{fold}.pth')
    loader = cfg.test_dataloader
    loader.update(batch_size=16, num_workers=0, persistent_workers=False)
    loader.dataset.dataset.update(length=20, fold=fold)
    found = Runner.from_cfg(cfg).test()
    assert found['miou_unseen'] == pytest.approx(unseen, abs=0.5)


def test_the_tokenizers_merges(tool, tmp_path):
    tool('make_bpe', tmp_path / 'bpe.txt.gz')
    made, shipped = (
        gzip.decompress(path.read_bytes())
        for path in (tmp_path / 'bpe.txt.gz', ASSETS / 'shapes-bpe.txt.gz')
    )
    assert made == shipped


def test_the_detectors_boxes(tool, tmp_path):
    tool('make_detections', '--scenes', 20, '--out', tmp_path)
    name = 'shapes-detections_{}.json'
    made, shipped = (
        [
            json.loads((folder / name.format(part)).read_text())
            for part in ('results', 'images')
        ]
        for folder in (tmp_path, ASSETS)
    )
    assert made[0] == shipped[0][: len(made[0])] and len(made[0]) > 20
    assert made[1]['images'] == shipped[1]['images'][:20]
    assert made[1]['categories'] == shipped[1]['categories']
