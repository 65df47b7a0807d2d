"""What is made of a config before it is compared."""

from pathlib import Path

from mmengine.config import Config

from mmseg_clsclip import HonestScoresHook, ZeroShotRecordHook
from mmseg_clsclip.comparison.compared_models import ComparedModel, has_guard_hook
from mmseg_clsclip.comparison.comparison import prepare

ROOT = Path(__file__).parents[2]
CHECKPOINT = ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth'
CLSCLIP = 'configs/shapes/clsclip_shapes-5i_fold0.py'
PLUS = 'configs/clsclip_plus/clsclip-plus_shapes-5i_fold0.py'
WHOLE = 'configs/shapes/clsclip_shapes-5i_whole.py'


def test_a_config_without_the_hook_gets_it(tmp_path, config):
    ours = config(WHOLE)
    cfg = Config.fromfile(ours)
    assert has_guard_hook(cfg)
    cfg.custom_hooks, cfg.default_hooks = None, {}
    assert not has_guard_hook(cfg)
    cfg.custom_hooks = [None, 'x', dict(a=1), dict(type='EMAHook')]
    assert not has_guard_hook(cfg)
    for kind in (
        'mmseg.HonestScoresHook',
        HonestScoresHook,
        'mmseg.ZeroShotRecordHook',
        ZeroShotRecordHook,
    ):
        cfg.default_hooks = dict(timer=None, mine=dict(type=kind))
        assert has_guard_hook(cfg)
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
