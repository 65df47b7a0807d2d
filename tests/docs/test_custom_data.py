"""docs/custom_data.md, as it stands, on 20 drawn scenes."""

import json
import re
import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmseg_clsclip.comparison.compared_models import ComparedModel
from mmseg_clsclip.comparison.comparison import prepare
from mmseg_clsclip.datasets.shapes_world import draw

ROOT = Path(__file__).parents[2]

DOCS = (ROOT / 'docs/custom_data.md').read_text(encoding='utf-8')
BLOCKS = re.findall(r'```python\n(.*?)```', DOCS, re.DOTALL)
FEW = [
    'train_dataloader.batch_size=2',
    'train_cfg.max_iters=2',
    'default_hooks.checkpoint.interval=2',
] + [
    f'{split}_dataloader.{option}'
    for split in ('train', 'test')
    for option in ('num_workers=0', 'persistent_workers=False')
]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """The configs and, in the layout of the page, 20 scenes.

    Drawn shapes in place of cats and dogs: nothing is learnt from them here.
    """
    shutil.copytree(ROOT / 'configs', tmp_path / 'configs')
    for index in range(20):
        scene = draw(index)
        split = 'train' if index < 12 else 'test'
        labels = np.where(scene.labels > 0, (scene.labels - 1) % 8 + 1, 0)
        for folder, suffix, array in (
            ('pictures', 'jpg', scene.picture),
            ('masks', 'png', labels.astype(np.uint8)),
        ):
            path = tmp_path / f'data/custom/{split}/{folder}/{index}.{suffix}'
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch):
    """Call a tool of ours, in this process: to import all takes long."""

    # As Python does for a script; mmseg's tools are found by one beside ours.
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))

    def _run(tool, *args):
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, args)])
        runpy.run_path(str(ROOT / 'tools' / tool), run_name='__main__')

    return _run


def metrics(folder):
    newest = max(folder.glob('*/*.json'), key=lambda p: p.stat().st_mtime)
    return json.loads(newest.read_text())


def test_check_train_and_test(workplace, run, coarse_clip_json, capfd):
    config = 'configs/custom/clsclip_vit-b16_custom.py'
    whole = config.replace('custom.py', 'custom_whole.py')
    options = [
        '--cfg-options',
        *FEW,
        'model.backbone.pretrained=None',
        f'model.backbone.architecture={coarse_clip_json}',
        'model.decode_head.in_channels=32',
        'model.decode_head.num_heads=2',
        'model.decode_head.conv_channels=[8]',
    ]
    with pytest.raises(SystemExit, match='^0$'):
        run('check_dataset.py', whole)
    out = capfd.readouterr().out
    assert 'errors: 0' in out and 'sheep (new)' in out
    run('train.py', config, *options)
    checkpoint = 'work_dirs/clsclip_vit-b16_custom/iter_2.pth'
    run('test.py', config, checkpoint, *options)
    found = metrics(workplace / 'work_dirs/clsclip_vit-b16_custom')
    assert {'miou_seen', 'miou_unseen', 'fb_iou'} <= set(found)
    assert {'sheep', 'bicycle', 'cat'} <= set(found['per_class'])
    log = capfd.readouterr()
    assert 'mean NOTHING' in log.out + log.err  # the tiny CLIP is random
    run(
        'test.py',
        whole,
        checkpoint,
        *options,
        'test_evaluator.type=GeneralizedZeroShotIoUMetric',
    )
    found = metrics(workplace / 'work_dirs/clsclip_vit-b16_custom_whole')
    assert {'mIoU_seen', 'mIoU_unseen', 'hIoU', 'mIoU'} <= set(found)


def test_a_model_of_mmseg_beside_it(workplace, run):
    config = 'configs/custom/fcn_r18_custom_whole.py'
    Path(config).write_text(next(b for b in BLOCKS if 'FCNHead' in b))
    run('train.py', config, '--cfg-options', *FEW)
    checkpoint = 'work_dirs/fcn_r18_custom_whole/iter_2.pth'
    run('test.py', config, checkpoint, '--cfg-options', *FEW)
    assert 'mIoU' in metrics(workplace / 'work_dirs/fcn_r18_custom_whole')
    # Both belong in one table, and the closed set's row says what it saw.
    fcn = ComparedModel('FCN', config)
    ours = ComparedModel('ours', 'configs/custom/clsclip_vit-b16_custom_whole.py')
    assert prepare([fcn, ours], workplace)[0].startswith('8 ')
    assert 'sheep, bicycle' in fcn.notes[0] and not ours.notes


def test_colours_become_labels(workplace):
    folder = workplace / 'data/custom/train/colours'
    folder.mkdir()
    colours = np.array([[[0, 0, 0], [0, 255, 0]], [[255, 0, 0], [1, 2, 3]]])
    Image.fromarray(colours.astype(np.uint8)).save(folder / 'x.png')
    exec(next(b for b in BLOCKS if 'colours' in b), {})
    labels = np.array(Image.open(workplace / 'data/custom/train/masks/x.png'))
    assert labels.tolist() == [[0, 2], [1, 255]]
