"""The zoom-in in mmengine's Runner, mmseg's tools and functions, and ours."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import mmseg
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner
from mmengine.runner.checkpoint import load_checkpoint
from mmseg.apis import MMSegInferencer, inference_model, init_model
from mmseg.registry import DATASETS, MODELS

from mmseg_clsclip.datasets.coco import COCO_TO_VOC
from mmseg_clsclip.datasets.shapes_world import draw
from mmseg_clsclip.proposals.detector import coco_categories

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py')
# Not 'mmseg::', which the onedl fork does not know itself by.
ZOO = Path(mmseg.__file__).parent / '.mim' / 'configs'
CHECKPOINT = str(ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth')

SHAPES = """
_base_ = {base!r}
test_pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'),
                 dict(type='MakeEpisode'),
                 dict(type='PackSegInputs', meta_keys=_base_.meta_keys)]
tta_pipeline = test_pipeline
plus = dict(type='ZoomIn', proposals=dict(type='GroundTruthProposals'),
            resize=dict(type='Resize', scale=(64, 64)), margin=0.5,
            square=True)
tta_model = dict(_delete_=True, **plus)
custom_imports = dict(imports=['mmseg_clsclip', 'mmseg_clsclip.zoom_in'])
"""
AS_MODEL = """
model = dict(_delete_=True, module=_base_.model, **plus)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
"""


@pytest.fixture(scope='module')
def shapes_config(tmp_path_factory):
    """ClsCLIP+ on Shapes-5i, as the model."""
    path = tmp_path_factory.mktemp('config') / 'plus.py'
    path.write_text(SHAPES.format(base=CONFIG) + AS_MODEL)
    return str(path)


def short(cfg, tmp_path, length=20):
    cfg.work_dir = str(tmp_path)
    cfg.load_from = CHECKPOINT
    loader = cfg.test_dataloader
    loader.update(batch_size=4, num_workers=0, persistent_workers=False)
    loader.dataset.dataset.length = length
    return cfg


def test_a_whole_test_with_ground_truth_boxes(shapes_config, tmp_path):
    cfg = short(Config.fromfile(shapes_config), tmp_path)
    plus = Runner.from_cfg(cfg).test()
    base = short(Config.fromfile(CONFIG), tmp_path / 'base')
    plain = Runner.from_cfg(base).test()
    assert plus['miou_unseen'] > plain['miou_unseen']
    assert plus['protocol']['input_size'] == '64x64'
    assert plus['protocol']['proposals'] == 'GroundTruthProposals (oracle)'


def run(tool, *args, cwd):
    """A tool's log; every weight of the checkpoint has its place."""
    done = subprocess.run(
        [sys.executable, str(tool), *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    log = done.stdout + done.stderr
    assert 'missing keys' not in log and 'unexpected key' not in log
    return log


def test_mmsegs_tool_with_tta(tmp_path):
    config = tmp_path / 'plus.py'
    config.write_text(SHAPES.format(base=CONFIG))
    tool = Path(mmseg.__file__).parent / '.mim/tools/test.py'
    log = run(
        tool,
        config,
        CHECKPOINT,
        '--tta',
        '--show-dir',
        'shown',
        '--work-dir',
        'out',
        '--cfg-options',
        'test_dataloader.dataset.dataset.length=1',
        # mmseg builds the training data to draw a picture.
        'train_dataloader.dataset.dataset.length=60',
        'test_dataloader.num_workers=0',
        'default_hooks.visualization.interval=1',
        'test_dataloader.persistent_workers=False',
        cwd=tmp_path,
    )
    assert 'miou_seen' in log
    assert list((tmp_path / 'shown').rglob('*.png'))


def test_init_model_inference_model_and_inferencer(shapes_config, tmp_path):
    options = {
        'model.proposals': dict(_delete_=True, type='WindowProposals', grid=(2, 2))
    }
    model = init_model(shapes_config, CHECKPOINT, 'cpu', options)
    assert model.dataset_meta['classes'][:2] == ('background', 'red circle')
    image = draw(3, 'test').picture[..., ::-1].copy()
    result = inference_model(model, image)
    assert result.seg_logits.data.shape == (21, 128, 128)
    assert len(result.proposals) == 80
    cfg = Config.fromfile(shapes_config)
    cfg.merge_from_dict(options)
    cfg.dump(str(tmp_path / 'windows.py'))
    cv2.imwrite(str(tmp_path / 'photo.png'), image)
    inferencer = MMSegInferencer(str(tmp_path / 'windows.py'), CHECKPOINT, device='cpu')
    out = inferencer(str(tmp_path / 'photo.png'))
    np.testing.assert_array_equal(out['predictions'], result.pred_sem_seg.data[0])


@pytest.fixture
def voc(tmp_path):
    """A folder in VOC's layout with two pictures of noise."""
    rng = np.random.RandomState(0)
    names = ('2007_000033', '2007_000042')
    for folder in ('JPEGImages', 'SegmentationClass', 'ImageSets/Segmentation'):
        (tmp_path / 'VOC2012' / folder).mkdir(parents=True)
    root = tmp_path / 'VOC2012'
    for k, name in enumerate(names):
        size = (60 + 10 * k, 90)
        cv2.imwrite(
            str(root / f'JPEGImages/{name}.jpg'),
            rng.randint(0, 256, (*size, 3), np.uint8),
        )
        mask = np.kron(
            rng.choice([0, 1, 15, 255], (size[0] // 10, 9)), np.ones((10, 10))
        )
        cv2.imwrite(str(root / f'SegmentationClass/{name}.png'), mask.astype(np.uint8))
    (root / 'ImageSets/Segmentation/val.txt').write_text('\n'.join(names))
    return root


def loader(root):
    """Of VOC's pictures as they are."""
    return dict(
        batch_size=2,
        num_workers=0,
        persistent_workers=False,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='PascalVOCDataset',
            data_root=str(root),
            data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
            ann_file='ImageSets/Segmentation/val.txt',
            test_mode=True,
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations'),
                dict(type='PackSegInputs'),
            ],
        ),
    )


def test_a_segmentor_of_mmsegs_model_zoo_through_our_tool(voc, tmp_path):
    """Its config as mmseg ships it, wrapped in a config of a few lines."""
    plain = tmp_path / 'fast_scnn_voc.py'
    plain.write_text(f"""
_base_ = '{ZOO}/fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py'
model = dict(decode_head=dict(num_classes=21))
test_dataloader = dict(_delete_=True, **{loader(voc)})
""")
    cfg = Config.fromfile(plain)
    assert cfg.model.type == 'EncoderDecoder' and cfg.model.auxiliary_head
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'zoo.pth')
    config = tmp_path / 'plus.py'
    config.write_text(f"""
_base_ = {plain.name!r}
custom_imports = dict(imports=['mmseg_clsclip'])
model = dict(
    _delete_=True, type='ZoomIn', module=_base_.model, classes='voc',
    proposals=dict(type='GroundTruthProposals'),
    resize=dict(type='Resize', scale=(128, 128)))
custom_hooks = [dict(type='EvaluationGuardHook')]
""")
    log = run(
        ROOT / 'tools/test.py',
        config,
        'zoo.pth',
        '--work-dir',
        'out',
        '--out',
        'masks',
        cwd=tmp_path,
    )
    assert 'mIoU' in log
    zoomed = MODELS.build(Config.fromfile(config).model).eval()
    load_checkpoint(zoomed, str(tmp_path / 'zoo.pth'), strict=True)
    number = 0
    for item in DATASETS.build(loader(voc)['dataset']):
        (result,) = zoomed.test_step(pseudo_collate([item]))
        mask = cv2.imread(str(tmp_path / f'masks/{Path(result.img_path).stem}.png'), -1)
        assert len(result.proposals) and mask.shape == result.ori_shape
        # Another number of threads may change the last bits of a logit.
        assert (mask == result.pred_sem_seg.data[0].numpy()).mean() > 0.99
        number += 1
    assert number == 2


def closed_set(_):
    """A small segmentor of mmseg's with random weights."""
    return dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[120.0] * 3,
            std=[60.0] * 3,
            bgr_to_rgb=True,
        ),
        backbone=dict(
            type='ResNetV1c',
            depth=18,
            num_stages=4,
            stem_channels=8,
            base_channels=8,
            norm_cfg=dict(type='BN'),
            strides=(1, 2, 1, 1),
            dilations=(1, 1, 2, 4),
            contract_dilation=True,
        ),
        decode_head=dict(
            type='FCNHead',
            in_channels=64,
            channels=8,
            num_convs=1,
            num_classes=21,
            norm_cfg=dict(type='BN'),
        ),
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
    )


def clsclip(architecture):
    """ClsCLIP with random weights, asked for VOC's classes by their names."""
    return dict(
        type='ClsCLIP',
        data_preprocessor=dict(type='SegDataPreProcessor'),
        backbone=dict(
            type='ClsCLIPVisionTransformer',
            architecture=architecture,
            navigate_blocks=(1, 2),
        ),
        text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary='voc'),
        decode_head=dict(
            type='ClsCLIPHead',
            in_channels=32,
            num_heads=2,
            conv_channels=(8, 4),
            upsample=2,
        ),
    )


@pytest.mark.parametrize('segmentor', [closed_set, clsclip])
def test_yolos_results_with_80_labels_drive_voc(
    segmentor, voc, tiny_clip_json, tmp_path
):
    """VOC's layout, COCO's names, mmseg's own metric."""
    rng = np.random.RandomState(0)
    names = [path.stem for path in (voc / 'JPEGImages').iterdir()]
    # As YOLOv7 rounds them. Some are too faint, or run over the edge.
    results = [
        dict(
            image_id=name,
            category_id=category,
            bbox=[
                round(float(v), 3) for v in (*rng.rand(2) * 40, *rng.rand(2) * 60 + 5)
            ],
            score=round(float(rng.rand()), 5),
        )
        for name in names
        for category in range(80)
        for _ in range(2)
    ]
    file = tmp_path / 'yolov7_predictions.json'
    file.write_text(json.dumps(results))
    runner = Runner.from_cfg(
        Config(
            dict(
                default_scope='mmseg',
                work_dir=str(tmp_path / 'out'),
                model=dict(
                    type='ZoomIn',
                    module=segmentor(tiny_clip_json),
                    classes='voc',
                    resize=dict(type='Resize', scale=(64, 64)),
                    proposals=dict(
                        type='COCOResultsProposals',
                        file=str(file),
                        categories='coco80',
                        saw_test_classes='yes',
                    ),
                ),
                test_dataloader=loader(voc),
                test_evaluator=dict(type='IoUMetric', iou_metrics=['mIoU']),
                test_cfg=dict(type='TestLoop'),
                custom_hooks=[dict(type='EvaluationGuardHook')],
            )
        )
    )
    assert 'mIoU' in runner.test()
    assert not runner.model.proposals.counts
    cocos = dict(enumerate(coco_categories().values()))
    for result in runner.model.test_step(next(iter(runner.test_dataloader))):
        kept = [
            COCO_TO_VOC.get(cocos[r['category_id']], cocos[r['category_id']])
            for r in results
            if r['image_id'] == Path(result.img_path).stem and r['score'] >= 0.25
        ]
        classes = runner.test_dataloader.dataset.metainfo['classes']
        # Two boxes of a class hardly ever overlap enough to suppress one.
        assert set(result.proposals.names) == set(kept) & set(classes)
        assert 20 < len(result.proposals) <= 40
        for name, label in zip(result.proposals.names, result.proposals.labels):
            assert classes[label] == name
        assert result.seg_logits.data.shape == (21, *result.ori_shape)
