"""A variable that a config overrides has to reach what was built of it."""

import json
import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from mmseg_clsclip import Predictor
from mmseg_clsclip.utils.config_options import load_config
from mmseg_clsclip.utils.config_variables import (
    heeded_in_part,
    unheeded,
    unread,
    vain_options,
)

ROOT = Path(__file__).parents[2]
CUSTOM = str(ROOT / 'configs/custom/clsclip_vit-b16_custom.py')
WHOLE = str(ROOT / 'configs/custom/clsclip_vit-b16_custom_whole.py')
STUFF = str(ROOT / 'configs/generalized/clsclip_vit-b16_voc-15-5-480x480.py')


def read(folder, text, base=CUSTOM, **options):
    path = folder / 'mine.py'
    path.write_text(f'_base_ = {base!r}\n{text}\n')
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(options)
    return cfg


@pytest.mark.parametrize(
    'text, options, names',
    [
        ("new_classes = ('cat', )", {}, ['new_classes']),
        (
            "class_names = ('background', 'cup')\nnew_classes = ('cup', )",
            {},
            ['class_names', 'new_classes'],
        ),
        ("data_root = 'data/mine'", {}, ['data_root']),
        ("data_root = 'data'", {}, ['data_root']),
        ("data_root = 'data/custom/2'", {}, ['data_root']),
        ("img_suffix = '.png'", {}, ['img_suffix']),
        ("train_data = dict(img_suffix='.bmp')", {}, ['train_data']),
        ('', dict(new_classes=['cat']), ['new_classes']),
        # What stands in pipelines, and in the base of the base, too.
        ('crop_size = (224, 224)', {}, ['crop_size']),
        ('', dict(crop_size=[224, 224]), ['crop_size']),
        ('', dict(data_root='/data'), ['data_root']),
    ],
)
@pytest.mark.parametrize('base', [CUSTOM, WHOLE])
def test_an_override_in_vain_is_told(text, options, names, base, tmp_path):
    told = unheeded(read(tmp_path, text, base, **options))
    assert sorted(line.partition('=')[0] for line in told) == names
    for line in told:
        assert 'dataloader.dataset.' in line and f'from {CUSTOM}' in line


STEP = "dict(type='LoadImageFromFile')"


@pytest.mark.parametrize(
    'text, place',
    [
        (f'train_pipeline = [{STEP}]', 'train_dataloader.dataset.pipeline'),
        (f'test_pipeline = [{STEP}]', 'test_dataloader.dataset.pipeline'),
        ("vis_backends = [dict(type='TensorboardVisBackend')]", 'visualizer.vis_b'),
        ('data_preprocessor = dict(std=[1, 1, 1])', 'model.data_preprocessor'),
    ],
)
def test_what_is_built_counts_too(text, place, tmp_path):
    base = tmp_path / 'base.py'
    base.write_text(
        f'_base_ = {CUSTOM!r}\n'
        "vis_backends = [dict(type='LocalVisBackend')]\n"
        "visualizer = dict(type='EpisodeVisualizer', vis_backends=vis_backends)\n"
        "data_preprocessor = dict(type='SegDataPreProcessor', std=[2, 2, 2])\n"
        'model = dict(data_preprocessor=data_preprocessor)\n'
    )
    (line,) = unheeded(read(tmp_path, text, str(base)))
    assert place in line and 'changes nothing' in line
    # Written where it is used it is heeded.
    name, _, value = text.partition(' = ')
    if name != 'data_preprocessor':
        used = {f'{name.split("_")[0]}_dataloader.dataset.pipeline': [STEP]}
        used = used if 'pipeline' in name else {'visualizer.vis_backends': [{}]}
        assert not unheeded(read(tmp_path, text, str(base), **used))


def test_a_list_in_a_metric_counts_too(tmp_path):
    (line,) = unheeded(read(tmp_path, "unseen_classes = ['car']", STUFF))
    assert 'test_evaluator.unseen_classes' in line


@pytest.mark.parametrize(
    'text, options',
    [
        ('', {}),
        ('work_dir = "x"\nlog_level = "ERROR"\nnote = "mine"', {}),
        ("data_root = 'data/custom'", {}),
        # The variable is left, and what was built of it changed.
        (
            "train_dataloader = dict(dataset=dict(dataset=dict(data_root='x')))",
            {'test_dataloader.dataset.dataset.data_root': 'x'},
        ),
        # Another data set for the test alone.
        (
            "data_root = 'x'\n"
            "test_dataloader = dict(dataset=dict(dataset=dict(data_root='x/y')))",
            {},
        ),
        (
            "new_classes = ('cat', )\n"
            'test_dataloader = dict(dataset=dict(dataset=dict(metainfo='
            'dict(novel_classes=new_classes))))',
            {},
        ),
        (
            "img_suffix = '.png'",
            {
                'train_dataloader.dataset.dataset.img_suffix': '.png',
                'test_dataloader.dataset.dataset.img_suffix': '.png',
            },
        ),
    ],
)
def test_what_is_heeded_or_left_is_nothing_to_tell(text, options, tmp_path):
    assert not unheeded(read(tmp_path, text, **options))


def test_a_copy_with_other_values_is_as_the_page_says(tmp_path):
    path = tmp_path / 'mine.py'
    text = Path(CUSTOM).read_text()
    path.write_text(
        text.replace("'../_base_", f"'{ROOT}/configs/_base_").replace(
            "('sheep', 'bicycle')", "('cat', )"
        )
    )
    cfg = Config.fromfile(path)
    assert cfg.train_dataloader.dataset.dataset.metainfo.novel_classes == ('cat',)
    assert not unheeded(cfg)


def test_the_shipped_configs_and_what_has_no_file():
    paths = [path for path in (ROOT / 'configs').rglob('*fold0.py')]
    for path in paths[::4]:
        cfg = Config.fromfile(path)
        assert not unheeded(cfg) and not heeded_in_part(cfg)
    assert not unheeded(Config(dict(data_root='x')))


@pytest.mark.parametrize(
    'options, told',
    [
        ({'load_form': 'x.pth'}, 'load_form is no part of .*. Nearest: load_from'),
        ({'trian_dataloader.batch_size': 4}, 'trian_dat.* Nearest: train_dataloader'),
        (
            {'text_encoder.vocabulary': ['cat']},
            'text_encoder is .* Nearest: model.text_encoder.',
        ),
        ({'qqqq': 1}, 'qqqq is no part of .*mine.py, and nothing reads it.$'),
        ({'qqqq.a': None}, 'qqqq is no part of .*mine.py, and nothing reads it.$'),
    ],
)
def test_what_nothing_reads_is_told(options, told, tmp_path):
    cfg = read(tmp_path, 'my_own = 1', **options)
    # What resembles nothing may be read by a hook of somebody's.
    (line,) = unheeded(cfg) if 'Nearest' in told else heeded_in_part(cfg)
    assert re.match(told, line)
    with pytest.raises(ValueError, match=told):
        load_config(tmp_path / 'mine.py', options)
    with pytest.raises(ValueError, match=told):
        Predictor(tmp_path / 'mine.py', 'x.pth', cfg_options=options)


def test_what_is_read_is_not_told(tmp_path):
    options = dict(
        my_own=2,
        resume=True,
        find_unused_parameters=True,
        auto_scale_lr=dict(base_batch_size=8),
        model_wrapper_cfg=dict(type='MMDistributedDataParallel'),
    )
    assert not unread(read(tmp_path, 'my_own = 1', **options))


def test_what_is_put_into_other_parts_is_read(tmp_path):
    cfg = read(tmp_path, '')
    # As mmseg's tutorials have it.
    cfg.norm_cfg, cfg.dataset_root = dict(type='BN'), 'data/mine'
    cfg.model.decode_head.norm_cfg = cfg.norm_cfg
    cfg.train_dataloader.dataset.dataset.data_root = cfg.dataset_root
    assert not unread(cfg)


def test_an_option_of_a_prediction_is_judged_by_itself(tmp_path):
    cfg = read(tmp_path, 'crop_size = (224, 224)')
    assert unheeded(cfg) and not vain_options(cfg, ['model.test_cfg.dtype'])
    (line,) = vain_options(cfg, ['crop_size', 'test_pipeline'])
    assert line.startswith('crop_size=(224, 224) of')


def test_neither_training_nor_test_begins(tmp_path):
    base = str(ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py')
    first = tmp_path / 'first.py'
    first.write_text(
        f'_base_ = {base!r}\nscenes = dict(type="Shapes5iDataset", length=3, '
        'split="test", test_mode=True)\n'
        'test_dataloader = dict(dataset=dict(dataset=scenes))\n'
    )
    cfg = read(tmp_path, 'scenes = dict(length=5)', str(first))
    cfg.update(work_dir=str(tmp_path / 'out'), log_level='ERROR')
    cfg.visualizer.vis_backends = None
    run = Runner.from_cfg(cfg)
    for begin in (run.test, run.train):
        with pytest.raises(ValueError, match='scenes=.*changes nothing: test'):
            begin()


PACKAGED = 'mmseg_clsclip::custom/clsclip_vit-b16_custom.py'
VALUES = dict(new_classes=['cat'])


@pytest.mark.parametrize(
    'name, text',
    [
        ('a.py', f"_base_ = {PACKAGED!r}\nnew_classes = ('cat', )"),
        ('a.py', f"_base_ = [{CUSTOM!r}] + []\nnew_classes = ('cat', )"),
        ('a.py', f"_base_ = f'{CUSTOM[:-3]}.{{\"py\"}}'\nnew_classes = ('cat', )"),
        ('a.json', json.dumps(dict(_base_=CUSTOM, **VALUES))),
        ('a.yaml', f'_base_: {CUSTOM}\nnew_classes: [cat]'),
    ],
)
def test_however_a_config_names_its_base(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    (line,) = unheeded(Config.fromfile(tmp_path / name))
    assert line.startswith('new_classes=') and 'train_dataloader.' in line


def test_the_same_value_in_another_kind_of_file_is_no_override(tmp_path):
    values = dict(new_classes=list(Config.fromfile(CUSTOM).new_classes))
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(dict(_base_=CUSTOM, **values)))
    assert not unheeded(Config.fromfile(path))


@pytest.mark.parametrize('split, other', [('train', 'test'), ('test', 'train')])
def test_a_value_that_reaches_one_split_alone_is_told(split, other, tmp_path):
    cfg = read(
        tmp_path,
        f"new_classes = ('cat', )\n{split}_dataloader = dict(dataset=dict(dataset="
        'dict(metainfo=dict(novel_classes=new_classes))))',
    )
    (line,) = heeded_in_part(cfg)
    assert f'reaches {split} alone: ' in line and f'{other}_dataloader.' in line
    assert not heeded_in_part(read(tmp_path, "new_classes = ('cat', )"))
