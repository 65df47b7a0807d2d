"""docs/custom_data.md, as it stands, on 20 drawn scenes."""

import json
import re
import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmseg.registry import DATASETS
from PIL import Image

from mmseg_clsclip.comparison.compared_models import ComparedModel
from mmseg_clsclip.comparison.comparison import prepare
from mmseg_clsclip.datasets.shapes_world import draw
from mmseg_clsclip.evaluation.metrics.episode_iou_metric import EpisodeIoUMetric

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


def test_the_trial_prints_a_loss_an_iteration(workplace, run, capfd):
    config = 'configs/custom/clsclip_vit-b16_custom_trial.py'
    assert f'python tools/train.py {config}\n' in DOCS
    run('train.py', config, '--cfg-options', 'train_cfg.max_iters=2')
    log = ''.join(capfd.readouterr())
    losses = re.findall(r'Iter\(train\) \[\d/2\].* loss: ([\d.]+)', log)
    assert [float(loss) for loss in losses] == pytest.approx([0.69] * 2, abs=0.1)
    run('test.py', config, 'work_dirs/clsclip_vit-b16_custom_trial/iter_2.pth')
    assert 'miou_seen' in metrics(workplace / 'work_dirs/clsclip_vit-b16_custom_trial')


def hold_out(workplace, names):
    for name in names:
        for file in (f'pictures/{name}.jpg', f'masks/{name}.png'):
            path = workplace / 'data/custom/val' / file
            path.parent.mkdir(parents=True, exist_ok=True)
            (workplace / 'data/custom/train' / file).rename(path)


def test_the_best_of_two_validations_is_kept(
    workplace, run, coarse_clip_json, capfd, monkeypatch
):
    config = 'configs/custom/clsclip_vit-b16_custom_val.py'
    hold_out(workplace, (0, 1, 2, 3))
    with pytest.raises(SystemExit, match='^0$'):
        run('check_dataset.py', config)
    assert 'val: 4 pictures' in capfd.readouterr().out
    found = iter((50.0, 40.0))
    compute = EpisodeIoUMetric.compute_metrics

    def worse_the_second_time(metric, results):
        asked = {episode.class_name for episode in results}
        # Every one of the new classes is in these four pictures.
        assert asked and not asked & {'sheep', 'bicycle'}
        figures = compute(metric, results)
        assert 'miou_unseen' not in figures
        return {**figures, 'miou_seen': next(found)}

    monkeypatch.setattr(EpisodeIoUMetric, 'compute_metrics', worse_the_second_time)
    run(
        'train.py',
        config,
        '--cfg-options',
        *FEW,
        'train_cfg.max_iters=4',
        'train_cfg.val_interval=2',
        'val_dataloader.num_workers=0',
        'val_dataloader.persistent_workers=False',
        'model.backbone.pretrained=None',
        f'model.backbone.architecture={coarse_clip_json}',
        'model.decode_head.conv_channels=[8]',
    )
    assert next(found, None) is None
    folder = workplace / 'work_dirs/clsclip_vit-b16_custom_val'
    best = folder / 'best_miou_seen_iter_2.pth'
    assert list(folder.glob('best*')) == [best]
    assert (folder / 'iter_4.pth').is_file()
    seen = torch.load(best, 'cpu', weights_only=False)['meta']['seen_classes']
    assert 'cat' in seen and 'sheep' not in seen


def test_a_validation_on_the_tests_pictures_is_told(workplace, run, capfd):
    hold_out(workplace, (0, 1))
    folder = workplace / 'data/custom'
    shutil.copy(folder / 'test/pictures/12.jpg', folder / 'val/pictures/0.jpg')
    with pytest.raises(SystemExit, match='^1$'):
        run('check_dataset.py', 'configs/custom/clsclip_vit-b16_custom_val.py')
    assert 'pictures are in val and in test: 1' in capfd.readouterr().out


def test_the_size_is_said_in_one_place(workplace):
    for name in ('custom', 'custom_whole'):
        path = workplace / f'configs/custom/clsclip_vit-b16_{name}.py'
        text = path.read_text()
        path.write_text(text.replace('crop_size = (480, 480)', 'crop_size = (96, 160)'))
        cfg = Config.fromfile(path)
        assert tuple(cfg.model.data_preprocessor.size) == (96, 160)
        resize, pad = cfg.test_pipeline[1:3]
        assert (resize.type, pad.type) == ('Resize', 'RemovablePad')
        assert tuple(resize.scale) == tuple(pad.size) == (160, 96)
        assert cfg.test_dataloader.dataset.pipeline == cfg.test_pipeline
        views = [view.transforms for view in cfg.tta_pipeline[1].transforms[1]]
        scales = [(128, 76), (160, 96), (192, 115)]
        assert [tuple(resize.scale) for resize, _ in views] == scales
        assert [tuple(pad.size) for _, pad in views] == scales
        # The share of 480 x 480 that 1024 pixels are.
        steps = cfg.train_dataloader.dataset.pipeline
        assert [s.min_area for s in steps if 'min_area' in s] == [96 * 160 // 225]
        assert '480' not in str(steps) + str(cfg.test_pipeline)
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
        # Square pictures, padded to the size by the model, after a resize from 0.9
        # to 1.1 and a crop of what is higher than 96.
        _, height, width = dataset[0]['inputs'].shape
        assert 86 <= height <= 96 and 86 <= width <= 106


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
