"""Every config says one thing, builds, and runs on data in its layout."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from mmseg.registry import MODELS
from PIL import Image

from mmseg_clsclip.datasets import episode_draws
from mmseg_clsclip.datasets.folds import fill_in

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(
    str(p.relative_to(ROOT))
    for p in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in p.parts
)
# How a data set names its files; otherwise NAME.jpg and NAME.png.
SUFFIXES = dict(
    CityscapesDataset=('_leftImg8bit.png', '_gtFine_labelTrainIds.png'),
    COCOStuffDataset=('.jpg', '_labelTrainIds.png'),
)
VAL_LISTS = 'ImageSets/Segmentation/{split}.txt'


@pytest.fixture(autouse=True)
def few_episodes(monkeypatch):
    """A few in place of the thousand that others draw."""
    monkeypatch.setattr(episode_draws, 'NUM_EPISODES', 3)


@pytest.mark.parametrize('path', CONFIGS)
def test_the_fold_in_the_name_is_the_fold_in_the_data(path):
    cfg = Config.fromfile(ROOT / path)
    assert cfg.custom_imports.imports == ['mmseg_clsclip']
    # mmseg's inference_model reads the one, its tools the other.
    assert cfg.test_pipeline == cfg.test_dataloader.dataset.pipeline
    if cfg.get('train_dataloader'):
        # What is asked for must still be in the picture after the crop; in
        # ESDA's training it need not.
        types = [step.type for step in cfg.train_dataloader.dataset.pipeline]
        place = (
            2 if path.endswith('pascal-5i-480x480_fold0_esda.py') else len(types) - 2
        )
        assert types.index('MakeEpisode') == place and types[-1] == 'PackSegInputs'
    if 'fold' not in path:
        return
    fold = int(path.split('fold')[1][0])
    novel = []
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        if loader is None:  # ClsCLIP+ is not trained
            continue
        data = loader.dataset
        assert data.get('dataset', data).fold == fold
        assert '{fold}' in data.get('list_file', '{fold}')
        novel.append(data.get('novel_handling', 'drop_image'))
    assert len(set(novel)) == 1
    whole = 'generalized' in path
    expected = 'GeneralizedZeroShotIoUMetric' if whole else 'EpisodeIoUMetric'
    assert first_metric(cfg).type == expected


def first_metric(cfg):
    """The metric of a config, the first if there are several."""
    metrics = cfg.test_evaluator
    return metrics[0] if isinstance(metrics, list) else metrics


def _write(dataset, episodes):
    """Two pictures in the layout of an inner data set.

    p0 has the labels 7 and 8, p1 has 1 and 5: novel in fold 0 of PASCAL-5i
    and of COCO-20i alike.
    """
    split = dataset.get('split', 'val')
    root = Path(
        dataset.get('data_root')
        or {'PASCAL5iDataset': 'data/VOCdevkit/VOC2012', 'COCO20iDataset': 'data/coco'}[
            dataset.type
        ]
    )
    prefix = (
        dataset.get('data_prefix')
        or {
            'PASCAL5iDataset': dict(
                img_path='JPEGImages', seg_map_path='SegmentationClassAug'
            ),
            'COCO20iDataset': dict(
                img_path=f'{split}2014', seg_map_path=f'annotations/{split}2014'
            ),
        }[dataset.type]
    )
    image_suffix, mask_suffix = SUFFIXES.get(dataset.type, ('.jpg', '.png'))
    for name, labels in (('p0', (7, 8)), ('p1', (1, 5))):
        mask = np.zeros((120, 160), np.uint8)
        mask[10:90, 10:70], mask[10:90, 80:150] = labels
        mask[-5:] = 255
        picture = (
            np.random.RandomState(0).randint(0, 256, (120, 160, 3)).astype(np.uint8)
        )
        for folder, suffix, array in (
            ('img_path', image_suffix, picture),
            ('seg_map_path', mask_suffix, mask),
        ):
            path = root / prefix[folder] / (name + suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(path)
    ann = dataset.get('ann_file') or VAL_LISTS.format(split=split)
    (root / ann).parent.mkdir(parents=True, exist_ok=True)
    (root / ann).write_text('p0\np1\n')
    if episodes.get('list_file'):
        path = Path(fill_in(episodes.list_file, episodes.fold, split))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('p0 7\np0 8\n' if split == 'train' else 'p1 1\np1 5\n')
        if path.suffix == '.pkl':  # HSNet's of COCO, which count from 0
            path.write_bytes(pickle.dumps({0: ['p1.jpg'], 4: ['p1.jpg']}))


def _write_boxes(proposals):
    """What a detector says of p1, and no download."""
    if proposals.get('type') == 'TorchvisionProposals':
        proposals.update(
            model='ssdlite320_mobilenet_v3_large', weights=None, saw_test_classes='no'
        )
    if 'data' in proposals.get('file', '').split('/')[:1]:
        path = Path(proposals.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(
                [dict(image_id='p1', category_id=1, bbox=[9, 9, 60, 80], score=0.9)]
            )
        )


def _small(path, clip_json, tmp_path):
    """The config, for two pictures and a CLIP of random weights."""
    cfg = Config.fromfile(ROOT / path)
    segmentor = cfg.model.get('module', cfg.model)
    if segmentor.backbone.architecture != 'shapes-clip':
        segmentor.backbone.update(architecture=clip_json, pretrained=None)
        # CLIP's templates are too long for the small one.
        segmentor.text_encoder.templates = 'name'
        if segmentor.decode_head.type != 'DenseCLIPHead':
            segmentor.decode_head.conv_channels = (8,)
    _write_boxes(cfg.model.get('proposals', {}))
    if segmentor.test_cfg.mode == 'slide' or 'training_free' in path:
        # A quarter of the side, with up to 171 classes, is enough to see.
        for resize in (
            cfg.test_dataloader.dataset.pipeline[1],
            *cfg.tta_pipeline[1].transforms[0],
        ):
            resize.scale = tuple(side // 4 for side in resize.scale)
        segmentor.test_cfg.update(
            {
                key: tuple(side // 4 for side in segmentor.test_cfg[key])
                for key in ('crop_size', 'stride')
                if key in segmentor.test_cfg
            }
        )
    splits = 'train', 'val', 'test'
    loaders = [cfg[f'{s}_dataloader'] for s in splits if cfg.get(f'{s}_dataloader')]
    for loader in loaders:
        inner = loader.dataset.get('dataset', loader.dataset)
        if inner.type == 'Shapes5iDataset':
            inner.length = 20
        else:
            _write(inner, loader.dataset)
        loader.update(batch_size=2, num_workers=0, persistent_workers=False)
    cfg.work_dir = str(tmp_path / 'work')
    cfg.visualizer.vis_backends = None
    cfg.log_level = 'ERROR'
    return cfg


# Those of transformers' models are tried in tests/models/segmentors.
@pytest.mark.parametrize(
    'path',
    [
        p
        for p in CONFIGS
        if not any(part in p for part in ('rd64', 'sam3', *(f'fold{f}' for f in '123')))
    ],
)
def test_it_trains_a_step_and_tests(path, coarse_clip_json, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cfg = _small(path, coarse_clip_json, tmp_path)
    if cfg.get('train_dataloader'):
        cfg.train_cfg.max_iters = 1
    runner = Runner.from_cfg(cfg)
    if cfg.get('train_dataloader'):
        runner.train()
    metrics = runner.test()
    expected = dict(
        EpisodeIoUMetric='miou_unseen',
        IoUMetric='mIoU',
        GeneralizedZeroShotIoUMetric='hIoU',
    )[first_metric(cfg).type]
    assert 0 <= metrics[expected] <= 100
    classes = runner.test_dataloader.dataset.metainfo['classes']
    if first_metric(cfg).type != 'EpisodeIoUMetric':
        assert runner.model.dataset_meta['classes'] == tuple(classes)


@pytest.mark.parametrize(
    'data, name, expected',
    [
        ('pascal-5i', 'bam', dict(episodes='3 as BAM draws them, seed 510')),
        ('coco-20i', 'esda', dict(episodes='3 as ESDA draws them, seed 923')),
        (
            'pascal-5i',
            'hsnet',
            dict(episodes='3 as HSNet draws them, in order', score_size='400x400'),
        ),
        (
            'coco-20i',
            'hsnet',
            dict(episodes='3 as HSNet draws them, seed 0', score_size='400x400'),
        ),
    ],
)
def test_a_neighbours_protocol_is_in_the_result(
    data, name, expected, coarse_clip_json, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    path = f'configs/clsclip/clsclip_vit-b16_{data}-480x480_fold0_{name}.py'
    cfg = _small(path, coarse_clip_json, tmp_path)
    protocol = Runner.from_cfg(cfg).test()['protocol']
    expected = dict(
        expected, geometry='letterbox' if name == 'hsnet' else 'BAM letterbox'
    )
    keys = 'episodes', 'score_size', 'geometry'
    assert {key: protocol[key] for key in keys if key in protocol} == expected


@pytest.mark.parametrize(
    'path',
    [
        'configs/clsclip/clsclip_vit-b16_pascal-5i-480x480_fold0.py',
        'configs/clsclip/clsclip_vit-b16_pascal-5i-480x480_fold0_bam.py',
        'configs/clsclip/clsclip_vit-b16_coco-20i-480x480_fold0_bam.py',
        'configs/generalized/clsclip_vit-b16_voc-15-5-480x480.py',
        'configs/open_vocabulary/clsclip_vit-b16_voc21-336.py',
        'configs/baselines/maskclip_vit-b16_voc21-336.py',
        'configs/training_free/sclip_vit-b16_voc21.py',
    ],
)
def test_flips_and_scales_are_scored_as_the_test_is(
    path, coarse_clip_json, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    def protocol(tta):
        cfg = _small(path, coarse_clip_json, tmp_path)
        if tta:  # as mmseg's tools/test.py does it
            cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
            cfg.model = dict(cfg.tta_model, module=cfg.model)
        runner = Runner.from_cfg(cfg)
        metrics = runner.test()
        assert metrics
        return metrics.get('protocol')

    plain, tta = (protocol(tta) for tta in (False, True))
    assert (plain or {}).get('geometry') == (tta or {}).get('geometry')
    assert ('clsclip/' in path) == ('geometry' in (plain or {}))


def test_coco_stuffs_unseen_classes_are_the_fields():
    path = 'configs/generalized/clsclip_vit-b16_coco-stuff-156-15-480x480.py'
    cfg = Config.fromfile(ROOT / path)
    from mmseg.datasets import COCOStuffDataset

    classes = COCOStuffDataset.METAINFO['classes']
    assert [classes.index(c) for c in cfg.unseen_classes] == [
        19,
        23,
        28,
        29,
        36,
        51,
        76,
        88,
        94,
        112,
        133,
        136,
        137,
        157,
        160,
    ]


def test_the_vit_config_is_the_papers():
    path = 'configs/clsclip/clsclip_vit-b16_pascal-5i-480x480_fold0.py'
    cfg = Config.fromfile(ROOT / path)
    backbone, head = cfg.model.backbone, cfg.model.decode_head
    assert backbone.architecture == 'ViT-B-16-quickgelu'
    assert tuple(backbone.navigate_blocks) == (2, 3, 4)
    for pipeline in (
        cfg.train_dataloader.dataset.pipeline,
        cfg.test_dataloader.dataset.pipeline,
    ):
        # What training must not contain when it follows the paper.
        assert not any(t.get('absent_share') for t in pipeline)
    backbone.pretrained = None
    model = MODELS.build(cfg.model)
    assert 'in_channels' not in head and model.decode_head.in_channels == 768
    assert model.decode_head.layers[0].self_attn.num_heads == 12
    assert [len(model.backbone.projections), len(model.decode_head.layers)] == [3, 2]
    # 3 projections of 512 -> 768, 2 layers of width 768, 4 convolutions.
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    size = sum(v.numel() for v in model.state_dict().values())
    assert size - trained == len(model.clip_name) + len(model.trained_settings)
    assert 17e6 < trained < 18e6
