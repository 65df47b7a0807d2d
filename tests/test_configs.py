"""Every config builds its model and says the same thing everywhere."""
from pathlib import Path

import pytest
from mmengine.config import Config
from mmseg.registry import MODELS

ROOT = Path(__file__).parents[1]
CONFIGS = sorted(
    str(p.relative_to(ROOT)) for p in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in p.parts)


@pytest.mark.parametrize('path', CONFIGS)
def test_the_fold_in_the_name_is_the_fold_in_the_data(path):
    cfg = Config.fromfile(ROOT / path)
    fold = int(path.split('fold')[1][0]) if 'fold' in path else 0
    assert cfg.train_dataloader.dataset.dataset.fold == fold
    test = cfg.test_dataloader.dataset
    if test.type == 'EpisodeDataset':
        assert test.dataset.fold == fold and test.dataset.test_mode
        assert cfg.test_evaluator.type == 'EpisodeIoUMetric'
    else:
        assert cfg.test_evaluator.type == 'IoUMetric'
    assert cfg.custom_imports.imports == ['mmseg_clsclip']


def test_the_vit_config_is_the_papers():
    path = 'configs/clsclip/clsclip_vit-b16_pascal-5i-480x480_fold0.py'
    cfg = Config.fromfile(ROOT / path)
    backbone, head = cfg.model.backbone, cfg.model.decode_head
    assert backbone.architecture == 'ViT-B-16-quickgelu'
    assert tuple(backbone.navigate_blocks) == (2, 3, 4)
    for pipeline in (cfg.train_dataloader.dataset.pipeline,
                     cfg.test_dataloader.dataset.pipeline):
        # What training must not contain when it follows the paper.
        assert not any(t.get('absent_share') for t in pipeline)
    backbone.pretrained = None
    model = MODELS.build(cfg.model)
    assert head.in_channels == model.backbone.out_channels
    assert [len(model.backbone.projections), len(model.decode_head.layers)
            ] == [3, 2]
    # 3 projections of 512 -> 768, 2 layers of width 768, 4 convolutions.
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    size = sum(v.numel() for v in model.state_dict().values())
    assert size - trained == len(model.clip_name)
    assert 17e6 < trained < 18e6
