"""The hook of the former name does what the three do, and not twice."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmseg_clsclip import EpisodeVisualizerHook, EvaluationGuardHook, ZeroShotRecordHook

ROOT = Path(__file__).parents[3]
OTHERS = str(ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth')
NAMES = ('evaluation_guard', 'zero_shot_record', 'episode_visualizer')
KINDS = (EvaluationGuardHook, ZeroShotRecordHook, EpisodeVisualizerHook)


def fold_one(tmp_path, own=''):
    """A test of four samples, with another fold's checkpoint."""
    path = tmp_path / 'mine.py'
    path.write_text(
        f"_base_ = '{ROOT}/configs/shapes/clsclip_shapes-5i_fold1.py'\n{own}"
    )
    cfg = Config.fromfile(path)
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.dataset.length = 4
    cfg.visualizer.vis_backends = None
    cfg.update(work_dir=str(tmp_path), log_level='ERROR', load_from=OTHERS)
    return cfg


@pytest.mark.parametrize(
    'own',
    [
        '',
        "custom_hooks = [dict(type='EmptyCacheHook')]",
        'custom_hooks = []',
        "custom_hooks = [dict(type='HonestScoresHook')]",
        "default_hooks = dict(timer=dict(type='IterTimerHook'))",
    ],
)
def test_a_users_own_hooks_do_not_take_its_place(own, logged, tmp_path):
    cfg = fold_one(tmp_path, own)
    test = Runner.from_cfg(cfg)
    test.model.has_random_weights = True  # as with pretrained=None
    test.test()
    assert [line for line in logged if 'NOT zero-shot' in line] == logged[:1]
    assert [line for line in logged if 'NOTHING' in line] == logged[1:]
    assert len(logged) == 2


@pytest.mark.parametrize(
    'there, priority, ahead',
    [
        ((), {}, False),
        ((), {}, True),
        (NAMES[:1], dict(priority='LOWEST'), False),
        (NAMES[1:], dict(priority='NORMAL'), True),
    ],
)
def test_it_is_each_hook_that_is_not_there(there, priority, ahead, tmp_path, logged):
    cfg = fold_one(tmp_path)
    for name in {*NAMES} - {*there}:
        del cfg.default_hooks[name]
    cfg.custom_hooks = [dict(type='HonestScoresHook', **priority)] * 2
    test = Runner.from_cfg(cfg)
    if ahead:
        test.load_checkpoint(OTHERS)
        test._load_from = None
    protocol = test.test()['protocol']
    for kind in KINDS:
        assert len([hook for hook in test.hooks if isinstance(hook, kind)]) == 1
    assert len(logged) == 1 and 'NOT zero-shot' in logged[0]
    assert len(protocol['trained_on_unseen']) == 5
    assert 'asked for' in test.visualizer.dataset_meta['classes']
    test.save_checkpoint(
        str(tmp_path), 'new.pth', save_optimizer=False, save_param_scheduler=False
    )
    saved, loaded = (
        torch.load(path)['meta'] for path in (tmp_path / 'new.pth', OTHERS)
    )
    assert saved['seen_classes'] == sorted(
        loaded.get('seen_classes') or loaded['dataset_meta']['base_classes']
    )


def test_it_refuses_what_the_guard_refuses(tmp_path):
    cfg = fold_one(tmp_path)
    for name in NAMES:
        del cfg.default_hooks[name]
    cfg.custom_hooks = [dict(type='HonestScoresHook')]
    cfg.test_dataloader.dataset.dataset.test_mode = False
    with pytest.raises(ValueError, match='is in training mode'):
        Runner.from_cfg(cfg).test()
