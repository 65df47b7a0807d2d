"""What is compared, what is refused, and what the report says."""

import json
import re
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS
from PIL import Image
from rich.console import Console

from mmseg_clsclip import HonestScoresHook, ZeroShotRecordHook
from mmseg_clsclip.comparison import (
    classes,
    collect,
    comparability,
    figures,
    measure,
    panels,
    pictures,
    runs,
)
from mmseg_clsclip.comparison.comparability import check_comparable
from mmseg_clsclip.comparison.compared_models import (
    ComparedModel,
    has_guard_hook,
    random_options,
    shipped_models,
)
from mmseg_clsclip.comparison.comparison import _print_table, prepare
from mmseg_clsclip.comparison.report import Drawing, write_report
from mmseg_clsclip.comparison.table import build_table, explain_rows, name_best

ROOT = Path(__file__).parents[2]

main = runpy.run_path(str(ROOT / 'tools/compare.py'))['main']
ASSETS = ROOT / 'mmseg_clsclip/assets'
CHECKPOINT = ASSETS / 'clsclip_shapes-5i_fold0.pth'
CLSCLIP = 'configs/shapes/clsclip_shapes-5i_fold0.py'
PLUS = 'configs/clsclip_plus/clsclip-plus_shapes-5i_fold0.py'
WHOLE = 'configs/shapes/clsclip_shapes-5i_whole.py'
FOLD0 = 'red circle, green square, blue triangle, yellow ring, red cross'


@pytest.fixture
def config(tmp_path):
    """Write a config that inherits one of ours, with few pictures."""

    def _config(base, text='', name='config'):
        inner = (
            'test_dataloader.dataset.dataset'
            if base != WHOLE
            else 'test_dataloader.dataset'
        )
        few = 'length=20'
        for key in reversed(inner.split('.')[1:]):
            few = f'{key}=dict({few})'
        path = tmp_path / f'{name}.py'
        path.write_text(
            f'_base_ = {str(ROOT / base)!r}\n'
            f'test_dataloader = dict(num_workers=0, persistent_workers=False, '
            f'batch_size=5, {few})\n{text}\n'
        )
        return str(path)

    return _config


@pytest.fixture
def result(tmp_path):
    """Write a JSON as tools/test.py does."""

    def _result(name='result', log='', protocol=(), **changes):
        content = dict(
            dict(
                miou_unseen=50.0,
                fb_iou=70.0,
                time=0.1,
                data_time=0.1,
                per_class={'a': 40.0, 'b': None},
            ),
            protocol=dict(
                dict(
                    dataset='Shapes-5i',
                    fold=0,
                    split='test',
                    novel_handling='drop_image',
                    list='at least 64 pixels',
                    pairs=899,
                    episodes='every pair once',
                    size_bounds=[1024, 9216],
                    input_size='64x64',
                    views=1,
                    proposals='none',
                ),
                **dict(protocol),
            ),
            **changes,
        )
        path = tmp_path / f'{name}.json'
        path.write_text(json.dumps(content))
        path.with_suffix('.log').write_text(log)
        return str(path)

    return _result


def read_squeezed(path):
    """A report without the blanks that align its table."""
    return re.sub(' +', ' ', path.read_text())


def refusal(tmp_path, *args):
    with pytest.raises(SystemExit) as stopped:
        main([*map(str, args), '--out', str(tmp_path / 'out')])
    assert not (tmp_path / 'out').exists()  # nothing was run
    return str(stopped.value.code)


def model(name, *files):
    return ['--model', name, *map(str, files)]


def test_the_shipped_ones_are_compared_by_default():
    compared = shipped_models()
    assert [e.name for e in compared[:2]] == ['ClsCLIP', 'ClsCLIP+']
    assert all(Path(e.checkpoint).is_file() for e in compared[:2])
    assert not any(e.checkpoint for e in compared[2:])
    for mine in compared:
        assert Path(mine.config).is_file(), mine.config


# Refused before anything is run.


def test_files_that_do_not_exist_and_names_are_refused(tmp_path, config):
    path = config(CLSCLIP)
    assert '1 of 1 configs do not exist: no.py' in refusal(
        tmp_path, *model('a', 'no.py')
    )
    assert 'checkpoints do not exist: no.pth' in refusal(
        tmp_path, *model('a', path, 'no.pth')
    )
    assert 'results do not exist: no.json' in refusal(
        tmp_path, '--result', 'a', 'no.json'
    )
    assert "Two rows are called 'a b' and 'a/b'" in refusal(
        tmp_path, *model('a b', path), *model('a/b', path)
    )
    assert "Two rows are called 'mine' and 'Mine'" in refusal(
        tmp_path, *model('mine', path), *model('Mine', path)
    )
    # Python has one text of each letter alone.
    assert "Two rows are called 'a' and 'a'" in refusal(
        tmp_path, *model('a', path), *model('a', path)
    )
    assert "'..' cannot be the name of a row" in refusal(tmp_path, *model('..', path))
    assert 'write --model NAME CONFIG' in refusal(tmp_path, *model('a'))


@pytest.mark.parametrize('seconds', ['-5', 'nan'])
def test_a_budget_is_a_number_of_seconds(tmp_path, config, seconds, capsys):
    refusal(tmp_path, *model('a', config(CLSCLIP)), '--budget', seconds)
    assert f'--budget {float(seconds)}: write 0 or more' in capsys.readouterr().err


def test_what_is_no_config_or_no_checkpoint_is_refused(tmp_path, config):
    bad = tmp_path / 'bad.py'
    bad.write_text('model = dict(')
    assert f'{bad} cannot be read' in refusal(tmp_path, *model('a', bad))
    bad.write_text('model = dict(type="ClsCLIP")')
    assert 'has no test_dataloader, test_evaluator' in refusal(
        tmp_path, *model('a', bad)
    )
    assert 'is no checkpoint' in refusal(tmp_path, *model('a', config(CLSCLIP), bad))
    named = config(CLSCLIP, 'load_from = "gone.pth"', 'named')
    assert f'gone.pth. load_from of {named} names it' in refusal(
        tmp_path, *model('a', named)
    )


def test_a_folder_of_other_files_is_not_replaced(tmp_path, config):
    (tmp_path / 'work/mine').mkdir(parents=True)
    (tmp_path / 'work/mine/iter_1200.pth').write_text('weeks of work')
    with pytest.raises(SystemExit, match='not of an earlier comparison'):
        main([*model('mine', config(CLSCLIP)), '--out', str(tmp_path / 'work')])
    assert (tmp_path / 'work/mine/iter_1200.pth').is_file()


@pytest.mark.parametrize(
    'content, message',
    [
        (dict(miou_unseen=float('nan')), 'no miou_unseen but nan'),
        (dict(fb_iou=101), 'fb_iou of 101'),
        (dict(fb_iou=-1), 'fb_iou of -1'),
        (dict(per_class=dict(a='x')), 'no IoU of a but x'),
    ],
)
def test_figures_that_are_none_are_refused(tmp_path, result, content, message):
    path = result(**content)
    assert f'{path} has' in refusal(tmp_path, '--result', 'A', path)
    assert message in refusal(tmp_path, '--result', 'A', path)


@pytest.mark.parametrize(
    'key, value',
    [
        ('fold', 1),
        ('split', 'train'),
        ('list', 'at least 1 pixels'),
        ('dataset', 'PASCAL-5i'),
        ('episodes', '1000 as HSNet draws them, seed 0'),
        ('score_size', '400x400'),
        ('new', 1),
    ],
)
def test_other_protocols_are_refused(tmp_path, result, key, value):
    files = result('a'), result('b', protocol={key: value})
    message = refusal(tmp_path, '--result', 'A', files[0], '--result', 'B', files[1])
    assert f'{key}: ' in message and f'{value} in B' in message
    assert message.count('\n') == 1


def test_what_became_of_novel_pixels_in_training_may_differ():
    # A plain data set, or a model without training, names nothing of it.
    rows = [
        SimpleNamespace(name=name, result=True, protocol=dict(more, fold=0))
        for name, more in (
            ('A', dict(novel_handling='ignore')),
            ('B', dict(novel_handling='drop_image')),
            ('C', {}),
        )
    ]
    for one in rows:
        for other in rows:
            check_comparable(one, other)
    rows[2].protocol['geometry'] = 'BAM letterbox'
    with pytest.raises(ValueError, match='geometry: not named in A, BAM'):
        check_comparable(rows[0], rows[2])


def test_classes_that_were_trained_on_are_refused_where_figures_are_of_them(
    tmp_path, result
):
    seen = dict(trained_on_unseen=['red ring'])
    files = result('a'), result('b', protocol=seen)
    assert "trained_on_unseen: not named in A, ['red ring'] in B" in refusal(
        tmp_path, '--result', 'A', files[0], '--result', 'B', files[1]
    )
    # Where no figure is of unseen classes, as IoUMetric's, a note says it.
    for name in 'a', 'b':
        content = json.loads(Path(result(name)).read_text())
        protocol = dict(dataset='X', **(seen if name == 'b' else {}))
        (tmp_path / f'{name}.json').write_text(
            json.dumps(dict(mIoU=content['miou_unseen'], protocol=protocol))
        )
    main(
        [
            '--result',
            'A',
            files[0],
            '--result',
            'B',
            files[1],
            '--out',
            str(tmp_path / 'out'),
        ]
    )
    assert re.search(
        r'B .* trained on masks of red ring too, which are nov',
        (tmp_path / 'out/report.md').read_text(),
    )


def test_random_weights_are_marked_and_never_the_best(
    tmp_path, result, capsys, monkeypatch
):
    monkeypatch.setenv('COLUMNS', '120')  # of the terminal
    main(
        [
            '--result',
            'mine',
            result('a'),
            '--result',
            'none',
            result('b', protocol=dict(random_weights=True), miou_unseen=90.0),
            '--result',
            'other',
            result('c', miou_unseen=40.0),
            '--out',
            str(tmp_path / 'out'),
        ]
    )
    assert re.search(r'none \(random weights\) +90\.0', capsys.readouterr().out)
    text = read_squeezed(tmp_path / 'out/report.md')
    page = (tmp_path / 'out/report.html').read_text()
    assert '| mine | **50.0** |' in text and '<td><b>50.0</b></td>' in page
    assert '| none (random weights) | 90.0 |' in text
    assert '<td>none (random weights)</td><td>90.0</td>' in page
    for report in text, page:
        assert 'accuracy means NOTHING' in report
        assert 'mine has the best mIoU unseen: 50.0, 10.0 points above other' in report


def test_names_are_shown_as_they_are(tmp_path, result, capsys):
    names = '**[red]a|`<i>', '_$c{$ [x](y)'
    classes = {'$z{$': 1.0, '_w': 2.0, '[v]': None}
    args = [
        word
        for k, name in enumerate(names)
        for word in (
            '--result',
            name,
            result(str(k), per_class=classes, fb_iou=60.0 + k),
        )
    ]
    main([*args, '--out', str(tmp_path / 'out')])
    shown = capsys.readouterr().out
    text = read_squeezed(tmp_path / 'out/report.md')
    page = (tmp_path / 'out/report.html').read_text()
    for name in names:
        assert shown.count(name) == 2  # read, and in the table
    assert r'| \*\*\[red\]a\|\`\<i\> | **50.0** | 60.0 |' in text
    assert r'| \_\$c{\$ \[x\](y) | **50.0** | **61.0** |' in text
    assert '<td>**[red]a|`&lt;i&gt;</td><td><b>50.0</b></td>' in page
    write_report(
        tmp_path, [dict(rows_of(dict(mIoU=1.0))[0], command='a ```` b')], [], [], []
    )
    assert '`````\na ```` b\n`````' in (tmp_path / 'report.md').read_text()


def test_a_config_beside_a_result_of_another_protocol(tmp_path, config, result):
    message = refusal(
        tmp_path,
        *model('A', config(CLSCLIP), CHECKPOINT),
        '--result',
        'B',
        result(protocol=dict(list='at least 12 pixels')),
    )
    # 20 pictures have fewer pairs; what the metric adds is not known yet.
    assert re.findall('^  (.*?):', message, re.M) == ['list', 'pairs']


def test_other_pictures_or_another_metric_are_refused(tmp_path, config):
    message = refusal(
        tmp_path,
        *model('A', config(WHOLE), CHECKPOINT),
        *model(
            'B',
            config(
                WHOLE,
                """
test_dataloader = dict(dataset=dict(seed=1))
test_evaluator = dict(nan_to_num=0)""",
                'other',
            ),
            CHECKPOINT,
        ),
    )
    assert 'samples: 20 (' in message and 'nan_to_num' in message


def test_the_same_metric_in_other_words():
    # A config that inherits mmseg's own gets a _scope_.
    plain = comparability.metric_options(dict(type='IoUMetric'))
    assert plain == comparability.metric_options(
        dict(type='IoUMetric', iou_metrics=['mIoU'], _scope_='mmseg', prefix='a')
    )
    assert plain != comparability.metric_options(
        dict(type='IoUMetric', iou_metrics=['mFscore'])
    )


def test_training_classes_without_the_training_files():
    names = classes.training_classes(
        dict(
            type='PascalVOCDataset',
            data_root='nowhere',
            data_prefix=dict(img_path='a', seg_map_path='b'),
            ann_file='train.txt',
            pipeline=[],
        )
    )
    assert len(names) == 20 and 'sofa' in names
    assert classes.training_classes(
        dict(
            type='PascalVOCDataset',
            data_root='nowhere',
            metainfo=dict(classes=('cat', 'dog')),
            pipeline=[],
            ann_file='train.txt',
        )
    ) == {'cat', 'dog'}


def test_a_result_without_a_protocol_is_refused(tmp_path, result):
    path = Path(result())
    path.write_text('{"mIoU": 5.0}')
    assert 'does not name its protocol' in refusal(tmp_path, '--result', 'A', path)
    path.write_text('{"mIoU": 5.0')
    assert 'is no result' in refusal(tmp_path, '--result', 'A', path)


def test_a_checkpoint_of_another_fold_is_refused(tmp_path, config):
    message = refusal(
        tmp_path, *model('A', config(CLSCLIP), ASSETS / 'clsclip_shapes-5i_fold1.pth')
    )
    assert 'fold1.pth it was trained on' in message and FOLD0 in message


def test_a_config_that_trains_on_the_tests_classes_is_refused(tmp_path, config):
    path = config(
        CLSCLIP,
        """
train_dataloader = dict(dataset=dict(dataset=dict(fold=1)))""",
    )
    message = refusal(tmp_path, *model('A', path, CHECKPOINT))
    assert f'the train_dataloader of {path}' in message and FOLD0 in message


FCN = """
model = dict(
    _delete_=True, type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[120.] * 3, std=[60.] * 3,
        bgr_to_rgb=True),
    backbone=dict(
        type='ResNetV1c', depth=18, num_stages=4, stem_channels=8,
        base_channels=8, norm_cfg=dict(type='BN'), strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4), contract_dilation=True),
    decode_head=dict(
        type='FCNHead', in_channels=64, channels=8, num_convs=1,
        num_classes=21, norm_cfg=dict(type='BN')),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
train_dataloader = dict(dataset=dict(
    _delete_=True, type='Shapes5iDataset', split='train'))
"""


def test_a_closed_set_may_have_seen_all_where_none_counts_as_unseen(tmp_path, config):
    compared = [
        ComparedModel('A', config(WHOLE), str(CHECKPOINT)),
        ComparedModel('B', config(WHOLE, FCN, 'fcn')),
    ]
    (line,) = prepare(compared, tmp_path / 'out')
    assert re.match(r'20 \(.*scored by IoUMetric', line)
    assert compared[0].notes == []
    assert FOLD0 in compared[1].notes[0]
    counted = config(
        WHOLE,
        FCN
        + """
test_evaluator = dict(_delete_=True, type='GeneralizedZeroShotIoUMetric')
""",
        'counted',
    )
    assert 'counts as unseen' in refusal(tmp_path, *model('B', counted))


def test_training_classes_are_told_without_data():
    def seen(**cfg):
        return classes.training_classes(cfg)

    assert 'cat' not in seen(type='PASCAL5iDataset', fold=1)
    assert len(seen(type='PASCAL5iDataset', fold=1)) == 15
    assert len(seen(type='COCO20iDataset')) == 60
    inner = dict(type='Shapes5iDataset', fold=2)
    assert len(seen(**inner)) == 20
    assert len(seen(type='EpisodeDataset', dataset=inner)) == 15
    repeated = dict(type='RepeatDataset', times=2, dataset=inner)
    assert len(seen(type='ConcatDataset', datasets=[inner, repeated])) == 20
    # A wrapper that would read its files, and a novel class of what is in it.
    plain = dict(
        type='BaseSegDataset',
        data_root='nowhere',
        metainfo=dict(classes=('cat', 'dog'), novel_classes=('dog',)),
        ann_file='none.txt',
    )
    for wrapped in (
        dict(type='ConcatDataset', datasets=[plain, plain]),
        dict(type='RepeatDataset', times=2, dataset=plain),
    ):
        assert seen(type='EpisodeDataset', dataset=wrapped) == {'cat'}
    assert 'red ring' not in seen(
        type='EpisodeDataset', dataset=inner, novel_classes=['red ring']
    )


def test_what_a_config_or_checkpoint_cannot_be_is_told(tmp_path, config):
    for text, message in (
        ("test_evaluator = 'IoUMetric'", 'names no type'),
        ('test_evaluator = dict(_delete_=True, a=1)', 'names no type'),
        ('test_dataloader = dict(_delete_=True)', 'has no test_dataloader'),
        (
            'test_dataloader = dict(_delete_=True, batch_size=1)',
            'test_dataloader has no dataset',
        ),
        (
            'train_dataloader = dict(_delete_=True, batch_size=1)',
            'train_dataloader has no dataset',
        ),
        (
            'train_dataloader = dict(dataset=dict(_delete_=True, '
            "type='EpisodeDataset'))",
            "there is no 'dataset' in",
        ),
    ):
        path = config(WHOLE, text)
        if '_delete_=True' in text and 'test_dataloader' in text:
            lines = Path(path).read_text().splitlines()
            Path(path).write_text(f'{lines[0]}\n{text}')
        assert message in refusal(tmp_path, *model('A', path, CHECKPOINT))
    odd = tmp_path / 'odd.pth'
    for meta in (dict(seen_classes=5), dict(dataset_meta=dict(base_classes='cat'))):
        torch.save(dict(meta=meta), odd)
        assert f'{odd}: what it says that it was trained on' in refusal(
            tmp_path, *model('A', config(WHOLE), odd)
        )
    for content in ([1], dict(meta=[1]), dict(meta=dict(dataset_meta=5))):
        torch.save(content, odd)
        prepare([ComparedModel('A', config(WHOLE), str(odd))], tmp_path / 'out')
    (tmp_path / 'file').touch()
    with pytest.raises(SystemExit, match='file is a file; name a folder'):
        main([*model('A', config(WHOLE), CHECKPOINT), '--out', str(tmp_path / 'file')])


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


# What is measured.


def test_costs_of_clsclip(config):
    cfg = Config.fromfile(config(CLSCLIP))
    found = measure.measure(cfg, str(CHECKPOINT))
    assert found['trained_parameters'] == 316449
    assert found['parameters'] == 1640002
    assert found['gflops'] == pytest.approx(0.0892, abs=1e-4)
    assert found['input_size'] == '64x64'
    assert found['timed'] == found['planned'] == 20 and 0 < found['seconds'] < 10
    assert found['counted'] == 5 and not found['cut'] and 'names' not in found
    assert found['memory'] >= found['libraries_memory'] > 2**20
    assert not found['random'] and 'threads' in found['machine']
    with pytest.raises(ValueError, match="316,449 parameters to train.*'random'"):
        measure.measure(cfg, None)


# What is run, and what is not run again.


@pytest.fixture
def fake_tools(monkeypatch, result):
    """Stand-ins for the two processes; what they were called with."""
    called = []

    def _run(command, log, report_batch=None):
        command = list(map(str, command))
        called.append(command)
        log.write_text('')
        if measured := [word for word in command if word.endswith('measured.json')]:
            Path(measured[0]).write_text(
                json.dumps(
                    dict(
                        random='random' in command,
                        input_size='64x64',
                        seconds=0.5,
                        memory=2**30,
                        machine='here',
                        parameters=2,
                        trained_parameters=1,
                        gflops=1.0,
                        libraries_memory=2**29,
                        cut=False,
                        budget=float(command[command.index('--budget') + 1]),
                    )
                )
            )
            return
        work_dir = Path(command[command.index('--work-dir') + 1])
        (work_dir / 'now').mkdir(parents=True)
        (work_dir / 'now/now.json').write_text(Path(result()).read_text())

    monkeypatch.setattr(runs, '_run', _run)
    return called


def compared_model(path, checkpoint=CHECKPOINT, **more):
    return ComparedModel(
        'A', path, checkpoint and str(checkpoint), cfg=Config.fromfile(path), **more
    )


def test_what_is_finished_is_not_run_again(tmp_path, config, fake_tools):
    mine = compared_model(config(CLSCLIP), options=['a=b'])
    assert runs.finished(mine, tmp_path) is None
    outcome = runs.run(mine, tmp_path, print)
    assert outcome['figures'] == dict(miou_unseen=50.0, fb_iou=70.0)
    assert outcome['seconds'] == 0.5
    assert fake_tools[0][-2:] == fake_tools[1][-2:] == ['--cfg-options', 'a=b']
    assert '--out' in fake_tools[1]
    (tmp_path / 'A/predictions').mkdir()
    moved = tmp_path / 'moved'
    shutil.copytree(tmp_path / 'A', moved / 'A')
    assert runs.finished(mine, moved) == dict(
        outcome, predictions=str(moved / 'A/predictions')
    )
    # Another checkpoint, another config, or half a file: run again.
    other = tmp_path / 'other.pth'
    torch.save({}, other)
    assert not runs.finished(compared_model(mine.config, other), tmp_path)
    changed = config(CLSCLIP, 'model = dict(test_cfg=dict(a=1))', 'other')
    assert not runs.finished(compared_model(changed), tmp_path)
    written = tmp_path / 'A/outcome.json'
    whole = written.read_text()
    written.write_text(whole[:-20])
    assert runs.finished(mine, tmp_path) is None
    # Whole, but of another version, or written over.
    for change in (
        dict(figures=dict(mIoU=float('nan'))),
        dict(protocol=[]),
        dict(figures=dict(mIoU=-1)),
        dict(seconds='fast'),
        dict(memory=None),
        dict(per_class=dict(a=200)),
    ):
        written.write_text(json.dumps({**json.loads(whole), **change}))
        assert runs.finished(mine, tmp_path) is None
    for text in (
        '[]',
        '{}',
        '5',
        '[' * 100_000,
        json.dumps({k: v for k, v in json.loads(whole).items() if k != 'figures'}),
    ):
        written.write_text(text)
        assert runs.finished(mine, tmp_path) is None
    written.write_text(whole)
    assert runs.finished(mine, tmp_path)


def test_the_input_size_is_told_where_the_metric_names_none(
    tmp_path, config, fake_tools, monkeypatch
):
    figures = tmp_path / 'figures.json'
    figures.write_text('{"rmse": 120.0, "mIoU": NaN}')
    sizes = dict(A='64x64', B='96x96')
    fake = runs._run

    def _run(command, log, report_batch=None):
        fake(command, log)
        for path in (tmp_path / 'out').glob('*/test/now/now.json'):
            path.write_text(figures.read_text())
        for path in (tmp_path / 'out').glob(f'{log.parent.name}/measured.json'):
            measured = json.loads(path.read_text())
            measured['input_size'] = sizes[log.parent.name]
            path.write_text(json.dumps(measured))

    monkeypatch.setattr(runs, '_run', _run)
    main(
        [
            *model('A', config(CLSCLIP), CHECKPOINT),
            *model('B', config(CLSCLIP), CHECKPOINT),
            '--out',
            str(tmp_path / 'out'),
        ]
    )
    rows = [
        line.strip('| ').split(' | ')
        for line in read_squeezed(tmp_path / 'out/report.md').splitlines()
        if line.startswith('| ')
    ]
    column = rows[0].index('input size')
    # The first of them is the rule below the heads.
    assert [row[column] for row in rows[2:]] == ['64x64', '96x96']
    assert [row[1] for row in rows[2:]] == ['**120.0**', '**120.0**']


def test_what_was_cut_short_is_measured_again_with_a_larger_budget(
    tmp_path, config, fake_tools
):
    mine = compared_model(config(CLSCLIP))
    assert runs.run(mine, tmp_path, print, 7)['budget'] == 7
    written = tmp_path / 'A/outcome.json'
    assert runs.finished(mine, tmp_path, 100)
    written.write_text(json.dumps({**json.loads(written.read_text()), 'cut': True}))
    assert runs.finished(mine, tmp_path, 7)
    assert not runs.finished(mine, tmp_path, 8)


def test_random_weights_are_measured_and_not_tested(tmp_path, config, fake_tools):
    out = tmp_path / 'out'
    path = config(CLSCLIP)
    main(
        [
            *model('A', path, CHECKPOINT),
            *model('B', path, 'random'),
            *['--out', str(out), '--budget', '9'],
        ]
    )
    measured, tested, costs = fake_tools
    assert 'predictions' in str(tested) and measured[3] == str(CHECKPOINT)
    assert costs[3] == 'random' and costs[5:7] == ['--budget', '9.0']
    assert costs[-1] == 'model.backbone.pretrained=None'
    text = read_squeezed(out / 'report.md')
    assert '| B (random weights) | - | - |' in text and 'its costs alone' in text
    # A model with its weights, or another test set, is not taken for it.
    random, trained = compared_model(path, None), compared_model(path, None)
    random.random = True
    assert random.key != trained.key


def test_an_estimate_stands_before_a_long_test(tmp_path, config, fake_tools):
    said = []
    mine = compared_model(config(CLSCLIP), dataset=range(600))
    runs.run(mine, tmp_path, lambda *words: said.append(words))
    assert said == [('measuring',), ('testing 600 samples, about 5 min',)]


def test_a_pipe_is_told_once_a_minute(tmp_path, config, monkeypatch, capsys):
    def run(model, folder, report_step, budget):
        for second in range(150):
            now[0] = second
            report_step('measuring', f'step {second} of 150')
        raise RuntimeError('enough')

    now = [0.0]
    monkeypatch.setattr(collect.time, 'perf_counter', lambda: now[0])
    monkeypatch.setattr(runs, 'run', run)
    with pytest.raises(SystemExit):
        main([*model('A', config(CLSCLIP), CHECKPOINT), '--out', str(tmp_path / 'o')])
    told = re.findall('step (\\d+) of', capsys.readouterr().out)
    assert told == ['60', '120']


@pytest.mark.parametrize(
    'path, options',
    [
        ('baselines/sam3_voc21.py', ['model.random_weights=True']),
        ('shapes/clsclip_shapes-5i_fold0.py', ['model.backbone.pretrained=None']),
        (
            'clsclip_plus/clsclip-plus_shapes-5i_fold0.py',
            ['model.module.backbone.pretrained=None'],
        ),
    ],
)
def test_options_by_which_no_weights_are_read(path, options):
    cfg = Config.fromfile(ROOT / 'configs' / path)
    assert random_options(cfg) == options
    cfg.model = dict(type='EncoderDecoder', backbone=dict(type='ResNetV1c'))
    assert random_options(cfg) == []


def test_no_checkpoint_is_none_to_the_tools(tmp_path, config, fake_tools):
    runs.run(compared_model(config(CLSCLIP), None), tmp_path, print)
    assert all('none' in command for command in fake_tools)


def test_predictions_are_kept_where_a_metric_offers_it(tmp_path, config, fake_tools):
    several = config(
        WHOLE,
        """
test_evaluator = [dict(type='mmengine.DumpResults', out_file_path='a.pkl'),
                  dict(type='IoUMetric')]""",
    )
    runs.run(compared_model(several), tmp_path, print)
    assert fake_tools[1][-2:] == [
        '--cfg-options',
        f'test_evaluator.1.output_dir={tmp_path / "A/predictions"}',
    ]
    with pytest.raises(ValueError, match='a b/.* has a blank or a comma'):
        runs.run(compared_model(several), tmp_path / 'a b', print)


@pytest.mark.parametrize(
    'log, status, told',
    [
        (
            'x\nTraceback (most recent call last):\n  File "a"\n    b\n'
            'ValueError: wrong\nmore of it\n',
            1,
            'ValueError: wrong',
        ),
        ('usage\nerror: no such option\n', 2, 'error: no such option'),
        ('', 3, 'exit status 3'),
        ('Killed\n', -9, 'ended by signal 9'),
    ],
)
def test_the_error_of_a_process_in_a_line(log, status, told):
    assert runs.last_error(log, status).startswith(told)


def test_a_process_tells_how_far_it_has_come(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, 'SECONDS_BETWEEN_LOOKS', 0.02)
    go_on, told = [tmp_path / 'on', tmp_path / 'and on'], []

    def tell(progress):
        told.append(progress)
        go_on[min(len(told), 2) - 1].touch()

    code = """
import pathlib, sys, time
print('Measured: step 2 of 30')
print('Measured: step 3 of 30', flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
print('INFO - Epoch(val) [7/9]')
print('INFO - Iter(test) [ 50/300]    eta: 0:00:01', flush=True)
while not pathlib.Path(sys.argv[2]).exists():
    time.sleep(0.01)
print('INFO - Iter(test) [100/300]', flush=True)
time.sleep(0.5)
"""
    runs._run(['-c', code, *go_on], tmp_path / 'log', tell)
    assert told == ['step 3 of 30', 'batch 50/300', 'batch 100/300']
    with pytest.raises(RuntimeError, match=r'ValueError: no \('):
        runs._run(['-c', "raise ValueError('no')"], tmp_path / 'log', tell)
    assert runs.last_progress('Measured nothing') is None


def test_steps_and_notes_are_printed(tmp_path, config, fake_tools, capsys):
    out = tmp_path / 'out'
    main([*model('A', config(CLSCLIP), CHECKPOINT), '--out', str(out)])
    said = capsys.readouterr().out
    assert re.match(
        r'\[1/1\] A: measuring \.\.\.\n\[1/1\] A: testing \.\.\.\n\[1/1\] A: \d+ s\n',
        said,
    )
    rows = rows_of(dict(mIoU=50.0), dict(mIoU=60.0))
    rows[0]['notes'] = ['sees [all] classes']
    rows.append(dict(name='C', notes=['x'], protocol={}, error='broken'))
    _print_table(rows, Console(width=80))
    *table, note = capsys.readouterr().out.strip().splitlines()
    assert note == 'model 0: sees [all] classes'
    assert 'model 1' in table[-2] + table[-1] + table[-3] and 'note' not in table[1]


def test_one_that_fails_is_a_row_and_all_that_fail_are_an_error(
    tmp_path, config, monkeypatch, result, capsys
):
    def fails(command, log, report_batch=None):
        raise RuntimeError(f'ValueError: <no> ({log})')

    monkeypatch.setattr(runs, '_run', fails)
    out = tmp_path / 'out'
    path = config(CLSCLIP)
    with pytest.raises(SystemExit, match='all of them failed'):
        main([*model('A', path), '--out', str(out)])
    pairs = json.loads((out / 'report.json').read_text())['rows'][0]['protocol'][
        'pairs'
    ]
    given = result(protocol=dict(pairs=pairs))
    capsys.readouterr()
    main([*model('A', path), '--result', 'B', given, '--out', str(out)])
    said = capsys.readouterr().out
    # Before a long step, where no terminal shows a status.
    assert said.startswith('[1/2] A: measuring ...\n[1/2] A: failed: ValueError: <no>')
    text = read_squeezed(out / 'report.md')
    assert r'| A | failed: ValueError: \<no\> (' in text and '/A/measure.log' in text
    assert '| B | **50.0** | **70.0** | - | - | - | - |' in text
    assert '&lt;no&gt;' in (out / 'report.html').read_text()


# What the report says.


def rows_of(*figures):
    return [
        dict(
            name=f'model {k}',
            notes=[],
            protocol=dict(proposals='none', fold=0),
            figures=dict(found),
            random=False,
            per_class={'x': 5.0, 'y': 9.0 - k},
            seconds=0.5,
            memory=3 * 2**30,
            libraries_memory=2**30,
            gflops=1.5,
            parameters=2_000_000,
            trained_parameters=0,
            machine='here',
        )
        for k, found in enumerate(figures)
    ]


def test_the_best_is_bold_and_random_ones_never_are():
    rows = rows_of(dict(mIoU=50.0), dict(mIoU=60.0), dict(mIoU=90.0))
    rows[2]['random'] = True
    rows[1]['protocol']['proposals'] = 'boxes'
    heads, cells = build_table(rows)
    assert heads == [
        'model',
        'mIoU',
        'parameters trained',
        'GFLOPs',
        'pictures/s',
        'peak memory',
        'proposals',
        'note',
    ]
    assert [line[1] for line in cells] == ['50.0', '**60.0**', '90.0']
    assert cells[1][2:7] == ['0 of 2.00 M', '1.500', '2.0', '3072 MiB', 'boxes']
    assert cells[2][-1] == ('accuracy means NOTHING: the weights are random')
    assert name_best(rows) == (
        'model 1 has the best mIoU: 60.0, 10.0 points above model 0; it is '
        'better in 0 of 2 classes.'
    )
    rows[0]['figures']['mIoU'] = 59.96
    assert name_best(rows) == ('model 1 and model 0 have the best mIoU alike: 60.0.')
    rows[0]['cpu_share'] = 0.3
    assert 'busy machine gave it 30 %' in build_table(rows)[1][0][-1]


@pytest.mark.parametrize('key', ['trained_on', 'presence', 'novel_handling'])
def test_what_one_row_alone_names_is_told(key):
    rows = rows_of(*[dict(mIoU=50.0)] * 4)
    for row in rows:
        row['protocol'].update(views=1)
    # Of what was not tested it is not known what its result would name.
    rows[2]['error'] = 'x'
    rows[3]['protocol'] = dict(fold=0)
    assert key.replace('_', ' ') not in build_table(rows)[0]
    rows[0]['protocol'][key] = 'this'
    heads, cells = build_table(rows)
    assert heads[-1] == key.replace('_', ' ')
    assert [cells[k][-1] for k in (0, 1, 3)] == ['this', '-', '-']
    # What all name stands below the table.
    rows = [rows[0], rows[0], rows[2]]
    assert key.replace('_', ' ') not in build_table(rows)[0]
    assert f'{key.replace("_", " ")} this' in explain_rows(rows, [])[0]


def test_seen_unseen_and_names_asked_of_a_whole_vocabulary():
    whole = dict(mIoU=50.0, mIoU_seen=60.0, mIoU_unseen=30.0, hIoU=40.0)
    rows = rows_of({**whole, 'names_asked': 2.66}, {**whole, 'hIoU': 41.0})
    heads, cells = build_table(rows)
    assert heads[1:5] == ['mIoU unseen', 'mIoU seen', 'hIoU', 'mIoU']
    assert heads[-1] == 'names asked'  # a cost: more of it is not better
    assert [line[-1] for line in cells] == ['2.7', '-']
    assert [line[3] for line in cells] == ['40.0', '**41.0**']
    (line,) = (line for line in explain_rows(rows, []) if 'ames asked' in line)
    assert line.startswith('Names asked: how many of the vocabulary')
    assert not any('ames asked' in line for line in explain_rows(rows[1:], []))


def test_of_errors_the_least_is_the_best():
    rows = rows_of(
        dict(object_right=50.0, object_missed=20.0),
        {'object_right': 50.0, 'object_missed': 10.0, 'x/background_as_absent': 3.0},
        {'object_missed': 15.0, 'x/background_as_absent': 2.0},
    )
    heads, cells = build_table(rows)
    assert heads[1:4] == ['objects right', 'objects missed', 'x/background_as_absent']
    assert [line[2] for line in cells] == ['20.0', '**10.0**', '15.0']
    assert [line[3] for line in cells] == ['-', '3.0', '**2.0**']
    # The verdict is of what is right.
    assert name_best(rows).startswith('model 0 and model 1 have the best objects right')
    assert name_best(rows[1:]) == 'There are no two figures to compare.'
    assert any('Of errors the least' in line for line in explain_rows(rows, []))


def test_the_page_needs_nothing_else_and_the_json_is_one(tmp_path):
    rows = rows_of(dict(miou_unseen=50.0), dict(miou_unseen=float('nan')))
    rows.append(dict(name='<b>', notes=[], protocol={}, error='a|b'))
    words = figures.draw_classes(
        {row['name']: row['per_class'] for row in rows[:2]},
        tmp_path / 'classes.png',
        unseen=['y'],
    )
    assert 'unseen classes come first' in words
    drawing = Drawing(tmp_path / 'classes.png', 'Classes', words)
    write_report(tmp_path, rows, ['said'], [drawing], [])
    page = (tmp_path / 'report.html').read_text()
    assert 'src="data:image/png;base64,' in page
    assert not re.search(r'(?:src|href)="(?!data:)|<script|@import|url\(', page)
    assert '&lt;b&gt;' in page and '<b>' not in page.replace('<b>50.0', '')
    text = read_squeezed(tmp_path / 'report.md')
    assert r'| \<b\> | failed: a\|b |' in text and 'Protocol: ' in text

    def refuse(name):
        raise AssertionError(name)

    content = json.loads((tmp_path / 'report.json').read_text(), parse_constant=refuse)
    assert content['rows'][1]['figures'] == dict(miou_unseen=None)


def test_many_classes_are_cut_to_those_that_differ(tmp_path):
    iou = {f'class {k}': float(k % 50) for k in range(60)}
    words = figures.draw_classes(
        dict(a=iou, b=dict(iou, **{'class 7': 99.0, 'class 8': None})),
        tmp_path / 'classes.png',
    )
    assert '30 of 60 classes' in words


def test_disagreement_and_agreement():
    none, half, full = (np.zeros((2, 4), np.uint8) for _ in range(3))
    half[:, :2] = full[:] = 1
    assert pictures.disagreement([none, none], True) == 0
    assert pictures.disagreement([none, half, full], True) == (1 + 1 + 0.5) / 3
    assert pictures.disagreement([half, full], False) == 0.5
    truth = half.copy()
    truth[0, 2:] = 255  # does not count
    assert pictures.agreement(full, truth, True) == pytest.approx(4 / 6)
    assert pictures.agreement(half, truth, False) == 1


@pytest.mark.parametrize('base', [CLSCLIP, WHOLE])
def test_the_most_different_pictures_come_first(tmp_path, config, base):
    mine = ComparedModel('A', config(base), str(CHECKPOINT))
    prepare([mine], tmp_path / 'out')
    names = pictures._file_names(mine.dataset)
    folders = {name: tmp_path / name for name in 'ab'}
    for k, name in enumerate(names):
        for value, folder in enumerate(folders.values()):
            folder.mkdir(exist_ok=True)
            mask = np.zeros((128, 128), np.uint8)
            mask[: k % 9 + 5, value * (k % 9) : 50] = 1
            Image.fromarray(mask).save(folder / name)
    found = pictures.most_different(mine.dataset, folders, 4)
    values = [sample['disagreement'] for sample in found['samples']]
    assert len(values) == 4 and values == sorted(values, reverse=True)
    assert len({sample['name'] for sample in found['samples']}) == 4
    assert found['compared'] == len(names)
    panels.draw_pictures(found, list(folders), tmp_path / 'pictures.png')
    assert Image.open(tmp_path / 'pictures.png').width > 400
    # The masks agree where k is a multiple of 9.
    all_found = pictures.most_different(mine.dataset, folders, len(names))
    assert min(s['disagreement'] for s in all_found['samples']) > 0


def test_the_legend_has_what_is_painted_the_largest_first():
    truth = np.zeros((10, 10), np.uint8)
    truth[0, :3], truth[1, :5], truth[2, 0] = 2, 1, 255
    mask = np.zeros((10, 10), np.uint8)
    mask[0, :4] = 2
    samples = [dict(truth=truth, masks=dict(a=mask))]
    classes, palette = ['background', 'cat', 'dog'], [[0] * 3, [1] * 3, [2] * 3]
    assert list(panels._list_colours(samples, classes, palette, True).items()) == [
        ('dog', [2] * 3),
        ('cat', [1] * 3),
        ('not counted', [128] * 3),
    ]
    assert 'background' in panels._list_colours(samples, classes, palette, False)
    names = [str(k) for k in range(256)]
    many = [dict(truth=np.arange(200, dtype=np.uint8)[None], masks={})]
    found = panels._list_colours(many, names, [[9] * 3] * 256, True)
    assert len(found) == 25 and found['and 175 more'] == [255] * 3


@pytest.mark.slow
def test_two_models_and_one_that_does_not_fit(tmp_path, config, capsys):
    out = tmp_path / 'out'
    # As mmseg's own configs are: without the hook, and of another size.
    closed = config(
        WHOLE,
        FCN
        + """
custom_hooks = []
test_pipeline = [
    dict(type='LoadImageFromFile'), dict(type='Resize', scale=(96, 96)),
    dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
test_dataloader['dataset'].update(pipeline=test_pipeline)
""",
        'fcn',
    )
    weights = MODELS.build(Config.fromfile(closed).model).state_dict()
    torch.save(dict(state_dict=weights), tmp_path / 'fcn.pth')
    misfit = config(WHOLE, 'model = dict(decode_head=dict(num_layers=1))', 'misfit')
    args = [
        *model('ours', config(WHOLE), CHECKPOINT),
        *model('fcn', closed, tmp_path / 'fcn.pth'),
        '--out',
        str(out),
    ]
    main([*args, *model('misfit', misfit, CHECKPOINT)])
    ours, fcn, bad = json.loads((out / 'report.json').read_text())['rows']
    assert ours['figures']['mIoU'] > 20 > fcn['figures']['mIoU']
    assert len(ours['per_class']) == len(fcn['per_class']) == 21
    assert fcn['gflops'] > 0 and FOLD0 in fcn['notes'][0]
    assert ours['protocol']['input_size'] == '64x64'
    assert fcn['protocol']['input_size'] == '96x96'
    assert '| 64x64 |' in read_squeezed(out / 'report.md')
    assert 'does not fit the config: 12 unexpected keys' in bad['error']
    assert {'classes.png', 'pictures.png', 'report.html'} <= {
        path.name for path in out.iterdir()
    }
    capsys.readouterr()
    main(args)
    assert capsys.readouterr().out.count('taken from an earlier run') == 2
