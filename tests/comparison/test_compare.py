"""tools/compare.py: what is compared, what is refused, and what is said of it."""

import json
import re
import runpy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS
from rich.console import Console

from mmseg_clsclip.comparison import collect, runs
from mmseg_clsclip.comparison.compared_models import ComparedModel, shipped_models
from mmseg_clsclip.comparison.comparison import _print_table, prepare
from mmseg_clsclip.comparison.report import write_report
from mmseg_clsclip.utils.partial_files import held_folder

ROOT = Path(__file__).parents[2]

main = runpy.run_path(str(ROOT / 'tools/compare.py'))['main']
ASSETS = ROOT / 'mmseg_clsclip/assets'
CHECKPOINT = ASSETS / 'clsclip_shapes-5i_fold0.pth'
CLSCLIP = 'configs/shapes/clsclip_shapes-5i_fold0.py'
WHOLE = 'configs/shapes/clsclip_shapes-5i_whole.py'
FOLD0 = 'red circle, green square, blue triangle, yellow ring, red cross'


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
    assert f'{bad} is no config that can be read' in refusal(tmp_path, *model('a', bad))
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
    tmp_path, result, capsys, monkeypatch, read_squeezed
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


def test_names_are_shown_as_they_are(tmp_path, result, capsys, rows_of, read_squeezed):
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


def test_what_a_config_or_checkpoint_cannot_be_is_told(tmp_path, config):
    for text, message in (
        ("test_evaluator = 'IoUMetric'", 'the name of a class as its'),
        ('test_evaluator = dict(_delete_=True, a=1)', 'the name of a class as its'),
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
    torch.save([1], odd)
    assert f'{odd} is no checkpoint' in refusal(
        tmp_path, *model('A', config(WHOLE), odd)
    )
    for meta in ([1], dict(dataset_meta=5)):
        torch.save(dict(meta=meta), odd)
        prepare([ComparedModel('A', config(WHOLE), str(odd))], tmp_path / 'out')
    (tmp_path / 'file').touch()
    with pytest.raises(SystemExit, match='file is a file; name a folder'):
        main([*model('A', config(WHOLE), CHECKPOINT), '--out', str(tmp_path / 'file')])
    # Another comparison that is still running would lose rows of its report.
    (tmp_path / 'held').mkdir()
    with held_folder(tmp_path / 'held'):
        with pytest.raises(SystemExit, match='Another process writes to .*held: wait'):
            main(
                [
                    *model('A', config(WHOLE), CHECKPOINT),
                    '--out',
                    str(tmp_path / 'held'),
                ]
            )
    assert not any((tmp_path / 'held').iterdir())


# What is run, and what is not run again.


def test_the_input_size_is_told_where_the_metric_names_none(
    tmp_path, config, fake_tools, monkeypatch, read_squeezed
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


def test_random_weights_are_measured_and_not_tested(
    tmp_path, config, fake_tools, read_squeezed, compared_model
):
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
    assert '| B (random weights) | - | - |' in text
    assert "its costs alone; for its accuracy give CLIP's weights, and a chec" in text
    # A model with its weights, or another test set, is not taken for it.
    random, trained = compared_model(path, None), compared_model(path, None)
    random.random = True
    assert random.key != trained.key


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


def test_steps_and_notes_are_printed(tmp_path, config, fake_tools, capsys, rows_of):
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
    tmp_path, config, monkeypatch, result, capsys, read_squeezed
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


@pytest.mark.slow
def test_two_models_and_one_that_does_not_fit(tmp_path, config, capsys, read_squeezed):
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
