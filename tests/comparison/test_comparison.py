"""What is made of a config before it is compared."""

import copy
from pathlib import Path

from mmengine.config import Config

from mmseg_clsclip import HonestScoresHook, ZeroShotRecordHook
from mmseg_clsclip.comparison.comparability import ask_for_same_classes, metric_options
from mmseg_clsclip.comparison.compared_models import ComparedModel, has_record_hook
from mmseg_clsclip.comparison.comparison import prepare
from mmseg_clsclip.comparison.runs import _keep_predictions

ROOT = Path(__file__).parents[2]
CHECKPOINT = ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth'
CLSCLIP = 'configs/shapes/clsclip_shapes-5i_fold0.py'
PLUS = 'configs/clsclip_plus/clsclip-plus_shapes-5i_fold0.py'
PASCAL = 'configs/clsclip/clsclip_vit-b16_pascal-5i-480x480_fold0.py'
WHOLE = 'configs/shapes/clsclip_shapes-5i_whole.py'


def test_a_config_without_the_hook_gets_it(tmp_path, config):
    ours = config(WHOLE)
    cfg = Config.fromfile(ours)
    assert has_record_hook(cfg)
    cfg.custom_hooks, cfg.default_hooks = None, {}
    assert not has_record_hook(cfg)
    cfg.custom_hooks = [None, 'x', dict(a=1), dict(type='EMAHook')]
    assert not has_record_hook(cfg)
    for kind in (
        'mmseg.HonestScoresHook',
        HonestScoresHook,
        'mmseg.ZeroShotRecordHook',
        ZeroShotRecordHook,
    ):
        cfg.default_hooks = dict(timer=None, mine=dict(type=kind))
        assert has_record_hook(cfg)
    plain = tmp_path / 'plain.py'
    cfg.custom_hooks, cfg.default_hooks = [], {}
    cfg.dump(plain)
    compared = [
        ComparedModel('A', ours, str(CHECKPOINT)),
        ComparedModel('B', str(plain), str(CHECKPOINT)),
    ]
    prepare(compared, tmp_path / 'out')
    assert [e.options for e in compared] == [
        [],
        [
            'default_hooks.evaluation_guard.type=mmseg.EvaluationGuardHook',
            'default_hooks.zero_shot_record.type=mmseg.ZeroShotRecordHook',
        ],
    ]


def test_who_asks_for_novel_classes_alone_is_asked_for_all(tmp_path, config):
    compared = [
        ComparedModel('A', config(CLSCLIP), str(CHECKPOINT)),
        ComparedModel('B', config(PLUS, name='plus'), str(CHECKPOINT)),
    ]
    _, line = prepare(compared, tmp_path)
    assert line.startswith('B: asked for all classes')
    assert compared[0].options == []
    assert compared[1].options == ['test_dataloader.dataset.test_classes=all']
    assert compared[0].protocol['pairs'] == compared[1].protocol['pairs']


def test_data_sets_say_whom_they_ask_for():
    pascal = Config.fromfile(ROOT / PASCAL)
    both, novel = (ComparedModel(name, cfg=copy.deepcopy(pascal)) for name in 'AB')
    both.cfg.test_dataloader.dataset.test_classes = 'all'
    assert ask_for_same_classes([both, novel]) == ['B']
    assert novel.options == ['test_dataloader.dataset.test_classes=all']


def test_a_metric_has_the_options_of_those_that_it_hands_on_to(tmp_path):
    plain = dict(type='GeneralizedZeroShotIoUMetric')
    assert metric_options(plain) == metric_options(dict(plain, iou_metrics=['mIoU']))
    assert metric_options(plain) != metric_options(dict(plain, nan_to_num=0))
    model = ComparedModel('A', cfg=Config(dict(test_evaluator=plain)))
    assert _keep_predictions(model, tmp_path) == ['--out', str(tmp_path)]
