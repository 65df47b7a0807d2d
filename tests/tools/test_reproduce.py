"""The tools of the paper's tables: what they print, refuse and resume."""

import argparse
import importlib
import json
import os
import re
import runpy
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.config import Config, DictAction

from mmseg_clsclip.reproduction import commands, options, stages
from mmseg_clsclip.reproduction.coco_20i import COCO20iColumn
from mmseg_clsclip.reproduction.pascal_5i import PASCAL5iColumn

ROOT = Path(__file__).parents[2]
COLUMNS = {kind.NAME: kind for kind in (PASCAL5iColumn, COCO20iColumn)}
IDS = 'ImageSets/Segmentation'


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


@pytest.fixture
def voc(tmp_path):
    """VOC, prepared: one picture to train on, one to test on."""
    root = tmp_path / 'VOC2012'
    touch(
        root,
        'JPEGImages/a.jpg',
        'SegmentationClassAug/a.png',
        'SegmentationClassAug/b.png',
    )
    (root / IDS).mkdir(parents=True)
    for name, ids in dict(train='a', train_5i='a', val='b').items():
        (root / IDS / f'{name}.txt').write_text(f'{ids}\n')
    return root


@pytest.fixture
def coco(tmp_path):
    root = tmp_path / 'coco'
    touch(
        root,
        *(f'{split}2014/1.jpg' for split in ('train', 'val')),
        *(f'annotations/instances_{split}2014.json' for split in ('train', 'val')),
    )
    return root


class Tools:
    """In place of tools/: notes their arguments and leaves what they leave."""

    def __init__(self, average):
        self.average = average
        self.lines = []

    def run(self, command, env, stdout):
        assert env['PYTHONPATH'].startswith(str(ROOT))
        tool, *args = command[1:]
        self.lines.append(shlex.join([tool, *args]))
        if '--work-dir' in args:
            folder = Path(args[args.index('--work-dir') + 1])
        if tool == 'tools/average_folds.py':
            self.average(args)
        elif tool == 'tools/train.py':
            (option,) = [arg for arg in args if arg.startswith('train_cfg.max_iters=')]
            path = folder / f'iter_{option.partition("=")[2]}.pth'
            touch(folder, path.name)
            os.utime(path, (1, 1))
            (folder / 'last_checkpoint').write_text(str(path))
        elif tool == 'tools/test.py':
            fold = int(folder.name[-1])
            touch(folder, 'now/now.json')
            protocol = dict(fold=fold, pairs=7, dataset='stub')
            result = dict(miou_unseen=50 + fold, fb_iou=70, protocol=protocol)
            (folder / 'now/now.json').write_text(json.dumps(result))
        return SimpleNamespace(returncode=0)

    def check(self, config, proposal_options, pictures):
        self.lines.append(f'check {" ".join(pictures)}')


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    tools = Tools(importlib.import_module('average_folds').main)
    monkeypatch.setattr(commands.subprocess, 'run', tools.run)
    monkeypatch.setattr(stages, 'check_detections', tools.check)
    return tools


@pytest.fixture
def run(tools, tmp_path, monkeypatch, capsys):
    """Run a tool; out and err of it."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv('PYTHON', 'python')

    def _run(name, *args, code=0):
        argv = [str(arg) for arg in (*args, '--out', tmp_path / 'out')]
        status = 0
        try:
            stages.main(COLUMNS[name], argv)
        except SystemExit as error:
            status = error.code
        # What average_folds.py prints here is not shown by the tool.
        out, err = capsys.readouterr()
        assert status == code, err
        return out, err

    return _run


@pytest.fixture
def calls(tools):
    """What tools were called with since the last time."""

    def _calls():
        lines, tools.lines = tools.lines, []
        return lines

    return _calls


def test_a_dry_run_prints_the_commands_of_a_fold(run, calls, voc, tmp_path):
    out, err = run('pascal_5i', voc, '--weights', 'none', '--folds', 2, '--dry-run')
    assert not err and not calls() and not (tmp_path / 'out').exists()
    lines = [line for line in out.splitlines() if not line.startswith('#')]
    python, root = 'python', str(voc)
    checkpoint = f'{tmp_path}/out/train/fold2/iter_15000.pth'
    config = 'configs/{}/{}_vit-b16_pascal-5i-480x480_fold2.py'
    plain = config.format('clsclip', 'clsclip')
    plus = config.format('clsclip_plus', 'clsclip-plus')
    data = f'test_dataloader.dataset.data_root={root}'
    clip = 'model.module.backbone.pretrained=None'
    assert (ROOT / plain).is_file() and (ROOT / plus).is_file()
    assert lines == [
        f'{python} tools/train.py {plain} --work-dir '
        f'{tmp_path}/out/train/fold2 --resume --cfg-options '
        'train_cfg.max_iters=15000 randomness.seed=0 '
        'default_hooks.checkpoint.max_keep_ckpts=2 '
        'param_scheduler.0.end=15000 train_dataloader.batch_size=8 '
        f'train_dataloader.dataset.data_root={root} '
        f'train_dataloader.dataset.ann_file={IDS}/train_5i.txt {data} '
        'model.backbone.pretrained=None',
        f'{python} tools/test.py {plain} {checkpoint} --work-dir '
        f'{tmp_path}/out/clsclip/fold2 --cfg-options {data} '
        'model.backbone.pretrained=None',
        *(
            f'{python} tools/test.py {plus} {checkpoint} --work-dir '
            f'{tmp_path}/out/plus_{row}/fold2 --cfg-options {data} {clip} '
            f'model.proposals._delete_=True model.proposals.type={source}'
            for row, source in (
                ('self', 'SelfProposals'),
                ('ground-truth', 'GroundTruthProposals'),
            )
        ),
    ]


def test_options_reach_the_commands_they_are_for(run, voc, tmp_path):
    touch(tmp_path, 'yolov7.json', 'ViT-B-16.pt')
    out, _ = run(
        'pascal_5i',
        voc,
        '--weights',
        tmp_path / 'ViT-B-16.pt',
        '--gpus',
        4,
        '--detections',
        tmp_path / 'yolov7.json',
        '--detector-options',
        'categories=coco80',
        '--iterations',
        9,
        '--dry-run',
        '--cfg-options',
        'model.backbone.navigate_blocks=(2,)',
        'train_dataloader.x=1',
        'optim_wrapper.type=AmpOptimWrapper',
        'test_dataloader.x=2',
    )
    lines = [' '.join(shlex.split(line)) for line in out.splitlines()]
    assert len(lines) == 4 * 5 + 4
    for fold in range(4):
        train, plain, *plus = lines[5 * fold : 5 * fold + 5]
        assert train.startswith('tools/dist_train.sh configs/clsclip/')
        assert f'fold{fold}.py 4 --work-dir' in train
        assert 'train_dataloader.batch_size=2 ' in train  # 8 in all
        for line in (train, plain):
            assert line.endswith(
                f'model.backbone.pretrained={tmp_path}/ViT-B-16.pt '
                'model.backbone.navigate_blocks=(2,) train_dataloader.x=1 '
                'optim_wrapper.type=AmpOptimWrapper test_dataloader.x=2'
            )
        for line in plus:
            assert re.match(
                r'tools/dist_test.sh configs/clsclip_plus/\S+ '
                rf'{tmp_path}/out/train/fold{fold}/iter_9.pth 4 ',
                line,
            )
            assert (
                f'model.module.backbone.pretrained={tmp_path}/ViT-B-16.pt '
                'model.module.backbone.navigate_blocks=(2,) '
                'test_dataloader.x=2 model.proposals.'
            ) in line
            assert 'train_dataloader' not in line and 'optim' not in line
        assert plus[2].endswith(
            f'model.proposals.file={tmp_path}/yolov7.json '
            'model.proposals.categories=coco80'
        )
    assert all('tools/average_folds.py' in line for line in lines[-4:])


@pytest.mark.parametrize('name, data', [('pascal_5i', 'voc'), ('coco_20i', 'coco')])
def test_the_configs_have_what_the_options_set(run, request, name, data, tmp_path):
    touch(tmp_path, 'yolo.json')
    folder = request.getfixturevalue(data)
    out, _ = run(
        name,
        folder,
        '--weights',
        'None',
        '--folds',
        1,
        '--dry-run',
        '--iterations',
        9,
        '--detections',
        tmp_path / 'yolo.json',
        '--detector-options',
        'categories=coco80',
    )
    proposals = []
    for line in out.splitlines():
        _, config, options = re.fullmatch(
            r'\S+ tools/(train|test)\.py (\S+) .*?(--cfg-options .*)|(.*)', line
        ).groups()[:3]
        if config is None:
            continue
        parser = argparse.ArgumentParser()
        parser.add_argument('--cfg-options', nargs='+', action=DictAction)
        options = parser.parse_args(shlex.split(options)).cfg_options
        cfg = Config.fromfile(ROOT / config)
        options.pop('randomness.seed', None)  # mmengine knows its own default
        for key in options:
            inner = cfg
            for parent in key.split('.')[:-1]:  # a KeyError if it is not there
                inner = inner[int(parent) if parent.isdigit() else parent]
        cfg.merge_from_dict(options)
        assert cfg.test_dataloader.dataset.data_root == str(folder)
        if 'train_cfg.max_iters' in options:
            assert cfg.train_dataloader.dataset.data_root == str(folder)
            assert cfg.param_scheduler[0].end == cfg.train_cfg.max_iters == 9
        proposals.append(cfg.model.get('proposals'))
    assert proposals[:4] == [
        None,
        None,
        dict(type='SelfProposals'),
        dict(type='GroundTruthProposals'),
    ]
    assert proposals[4].type == 'COCOResultsProposals'
    assert proposals[4].file == str(tmp_path / 'yolo.json')
    assert proposals[4].categories == 'coco80' and len(proposals) == 5


def test_what_is_not_prepared_is_made_first(run, voc, coco, tmp_path):
    (voc / IDS / 'train_5i.txt').unlink()
    sbd = tmp_path / 'sbd'
    (sbd / 'cls').mkdir(parents=True)
    (voc / 'SegmentationClass').mkdir()
    (sbd / 'train_noval.txt').write_text('a\n')
    args = (voc, sbd, '--weights', 'None', '--dry-run', '--folds', 0)
    out, _ = run('pascal_5i', *args)
    tool, root = 'tools/dataset_converters/', str(voc)
    ids, second = out.splitlines()[:2]
    assert ids.endswith(
        f'{tool}pascal_5i.py ids --voc {root} --sbd {sbd}/train_noval.txt '
        f'--out {root}/{IDS}/train_5i.txt'
    )
    assert 'tools/train.py' in second  # all masks are there
    (sbd / 'train_noval.txt').write_text('a\nc\n')
    out, _ = run('pascal_5i', *args)
    assert out.splitlines()[1].endswith(
        f'{tool}pascal_5i.py masks --voc {root}/SegmentationClass --sbd '
        f'{sbd}/cls --out {root}/SegmentationClassAug'
    )

    (coco / 'lists').mkdir()
    for name in ('train_fold1', 'val_fold0', 'val_fold1'):
        (coco / f'lists/{name}.txt').touch()
    out, _ = run('coco_20i', coco, '--weights', 'None', '--dry-run', '--folds', 0, 1)
    masks, lists, train = out.splitlines()[:3]
    assert masks.endswith(
        f'{tool}coco_20i.py masks --annotations {coco}/annotations/'
        f'instances_train2014.json --out {coco}/annotations/train2014'
    )
    assert lists.endswith(
        f'{tool}coco_20i.py lists --masks {coco}/annotations/train2014 '
        f'--fold 0 --split train --out {coco}/lists/train_fold0.txt'
    )
    out, _ = run(
        'coco_20i',
        coco,
        '--weights',
        'None',
        '--dry-run',
        '--folds',
        0,
        '--cfg-options',
        'train_dataloader.dataset.novel_handling=background',
    )
    masks, lists, other = out.splitlines()[:3]
    assert lists.endswith(
        '--fold 0 --split train --novel-handling background '
        f'--out {coco}/lists/train_fold0_background.txt'
    )
    assert f'{coco}/lists/train_fold0_background.txt' in other
    assert f'{coco}/lists/val_fold0.txt' in other
    assert 'coco-20i-480x480_fold0.py' in train
    for loader, split in (('train', 'train'), ('test', 'val')):
        assert (
            f'{loader}_dataloader.dataset.list_file={coco}/lists/{split}_fold0.txt'
        ) in train


@pytest.mark.parametrize('name', ['pascal_5i', 'coco_20i'])
def test_what_is_missing_is_named_and_nothing_is_run(run, calls, name, tmp_path):
    args = (
        name,
        tmp_path / 'none',
        '--weights',
        tmp_path / 'ViT.pt',
        '--detections',
        tmp_path / 'yolo.json',
    )
    out, err = run(*args, code=2)
    named = re.findall('^Missing: (.*)\n    .', err, re.MULTILINE)
    parts = dict(
        pascal_5i=[
            'JPEGImages',
            f'{IDS}/train.txt',
            f'{IDS}/val.txt',
            'SegmentationClass',
        ],
        coco_20i=[
            'train2014',
            'annotations/instances_train2014.json',
            'val2014',
            'annotations/instances_val2014.json',
        ],
    )[name]
    sbd = ['SBD/cls', 'SBD/train_noval.txt'] if name == 'pascal_5i' else []
    assert sorted(named) == sorted(
        [f'{tmp_path}/none/{part}' for part in parts]
        + sbd
        + [f'{tmp_path}/ViT.pt', f'{tmp_path}/yolo.json']
    )
    assert 'https://' in err and 'nothing was run' in err
    assert not out and not calls()
    out, again = run(*args, '--dry-run')
    assert 'tools/train.py' in out and not calls()
    assert re.findall('^Missing: .*', again, re.MULTILINE) == re.findall(
        '^Missing: .*', err, re.MULTILINE
    )


def test_several_machines_take_a_fold_each(run, monkeypatch):
    monkeypatch.setenv('NNODES', '2')
    _, err = run('pascal_5i', 'voc', '--weights', 'None', code=2)
    assert 'NNODES=2: the script is for one machine. Give each a fold' in err


@pytest.mark.parametrize(
    'args, message',
    [
        (('--weights', 'None'), 'where is the data set? VOC2012 [SBD]'),
        (('voc',), 'required: --weights'),
        (('voc', '--weights'), '--weights: expected one argument'),
        (('voc', '--weights', '--dry-run'), '--weights: expected one argument'),
        (('a', 'b', 'c', '--weights', 'None'), 'a b c: only VOC2012 [SBD]'),
        (('voc', '--weights', 'None', '--weigths', 'x'), 'arguments: --weigths'),
        (('voc', '--weights', 'None', '--gpus', '3'), '--gpus: invalid choice: 3'),
        (('voc', '--weights', 'None', '--folds', '0,1'), '--folds: invalid int'),
        (('voc', '--weights', 'None', '--folds', '4'), '--folds: invalid choice: 4'),
        (
            ('voc', '--weights', 'None', '--iterations', '1e4'),
            "--iterations: '1e4' is no whole number",
        ),
        (('VOC 2012', '--weights', 'None'), 'VOC 2012: mmengine takes blanks out'),
        (('VOC,2012', '--weights', 'None'), 'VOC,2012: mmengine takes blanks out'),
    ],
)
def test_options_that_are_refused(run, args, message):
    assert message in run('pascal_5i', *args, code=2)[1]


def test_sbd_may_come_after_the_options(run, voc, tmp_path):
    (voc / IDS / 'train_5i.txt').unlink()
    out, _ = run('pascal_5i', voc, '--weights', 'None', '--dry-run', tmp_path / 'sbd')
    assert f'--sbd {tmp_path}/sbd/train_noval.txt' in out.splitlines()[0]


def test_it_ends_with_the_tool_that_fails(run, tools, voc, monkeypatch):
    def fail(command, **kwargs):
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(commands.subprocess, 'run', fail)
    out, _ = run('pascal_5i', voc, '--weights', 'None', code=3)
    assert len(out.splitlines()) == 1


def test_it_is_resumed_where_it_was_stopped_and_gives_a_table(
    run, calls, voc, tmp_path
):
    touch(tmp_path, 'yolov7.json')
    args = (
        'pascal_5i',
        voc,
        '--weights',
        'None',
        '--iterations',
        6,
        '--detections',
        tmp_path / 'yolov7.json',
    )
    text, _ = run(*args, '--folds', 0, 1, 2)
    kinds = [line.split()[0] for line in calls()]
    assert kinds.count('tools/train.py') == 3
    assert kinds.count('tools/test.py') == 3 * 4
    assert 'check' in kinds
    assert 'No row of clsclip yet: fold 3 is not tested' in text
    assert not (tmp_path / 'out/table.md').exists()

    # It was stopped while the last checkpoint was being written.
    (tmp_path / 'out/train/fold1/last_checkpoint').write_text('iter_5.pth')
    for path in (tmp_path / 'out').glob('*/fold1/now/now.json'):
        path.unlink()
        path.parent.rmdir()
    text, _ = run(*args)
    lines = calls()
    trained = [x for x in lines if x.startswith('tools/train.py')]
    assert [re.search(r'fold(\d)\.py .* --resume ', line)[1] for line in trained] == [
        '1',
        '3',
    ]
    assert sum(x.startswith('tools/test.py') for x in lines) == 2 * 4
    assert 'Fold 0 is trained' in text and 'Fold 2 is tested' in text

    table = (tmp_path / 'out/table.md').read_text()
    assert text.endswith(table)
    rows = [
        line.split('|')[1:-1] for line in table.splitlines() if line.startswith('|')
    ]
    assert len({len(row) for row in rows}) == 1
    column = [cell.strip() for cell in rows[0]].index('mean')
    assert [(row[0].strip(), row[column].strip()) for row in rows[2:]] == [
        ('ClsCLIP', '51.5'),
        ('ClsCLIP, the paper', '56.4'),
        ('ClsCLIP+, boxes of its own first look', '51.5'),
        ('ClsCLIP+, boxes of the truth (oracle)', '51.5'),
        ('ClsCLIP+, boxes of yolov7.json', '51.5'),
        ('ClsCLIP+ with YOLOv7, the paper', '71.5'),
    ]
    assert '--weights None --iterations 6' in table and 'NOTHING' in table

    # It was stopped while a result was being written: that one again.
    half = tmp_path / 'out/plus_self/fold2/now/now.json'
    whole = half.read_text()
    for text in (whole[:-9], whole[: whole.index('}') + 1], ''):
        half.write_text(text)
        text, _ = run(*args)
        (tested,) = [x for x in calls() if x.startswith('tools/test.py')]
        assert 'plus_self/fold2' in tested
        assert half.read_text() == whole

    # Boxes that were written anew are tested anew, others are refused.
    newest = max(p.stat().st_mtime for p in (tmp_path / 'out').rglob('*'))
    os.utime(tmp_path / 'yolov7.json', (newest + 1, newest + 1))
    recipe = tmp_path / 'out/recipe.txt'
    written = recipe.stat().st_mtime_ns
    run(*args)
    assert recipe.stat().st_mtime_ns == written
    assert len([x for x in calls() if x.startswith('tools/test.py')]) == 4
    _, err = run(*args, '--detector-options', 'categories=coco80', code=2)
    assert f'--detections {tmp_path / "yolov7.json"} --detector' in err
    calls()

    # Other boxes are, even if their file is older than the results.
    (tmp_path / 'yolov7.json').write_text('[]')
    os.utime(tmp_path / 'yolov7.json', (0, 0))
    for again in (4, 0):
        run(*args)
        tested = [x for x in calls() if x.startswith('tools/test.py')]
        assert len(tested) == again and all('plus_detector_' in x for x in tested)

    # So is what a checkpoint made anew had tested.
    os.utime(tmp_path / 'yolov7.json', (0, 0))
    for path in (tmp_path / 'out').glob('*/fold0/now/now.json'):
        os.utime(path, (1, 1))
    run(*args)
    assert len([x for x in calls() if x.startswith('tools/test.py')]) == 4

    # What was made otherwise does not join it.
    _, err = run(*args, '--iterations', 7, code=2)
    assert 'was begun with other options:\n    --weights None --iterations 6' in err
    assert not [x for x in calls() if x.startswith('tools/')]


@pytest.mark.parametrize('kind', COLUMNS.values())
def test_the_columns_schedules_are_the_configs(kind):
    cfg = Config.fromfile(
        ROOT / f'configs/clsclip/clsclip_vit-b16_{kind.CONFIG}_fold0.py'
    )
    assert kind.ITERATIONS == cfg.train_cfg.max_iters == cfg.param_scheduler[0].end
    assert options.BATCH_SIZE == cfg.train_dataloader.batch_size


def test_a_detectors_file_is_read_before_hours_are_spent(tmp_path):
    path = tmp_path / 'boxes.json'
    path.write_text(
        json.dumps(
            [dict(image_id='2007_000033', category_id=0, bbox=[1, 2, 3, 4], score=1)]
        )
    )
    config = (
        ROOT / 'configs/clsclip_plus/clsclip-plus_vit-b16_pascal-5i-480x480_fold0.py'
    )

    def check(pictures, *more):
        file = f'model.proposals.file={path}'
        stages.check_detections(str(config), [file, *more], pictures)

    coco80 = 'model.proposals.categories=coco80'
    check(['2007_000033', '2007_000042'], coco80)
    with pytest.raises(ValueError, match="Write categories='coco80'"):
        check(['2007_000033'])
    with pytest.raises(ValueError, match='no id in common'):
        check(['2009_000001.jpg'], coco80)


def test_operations_are_counted(coarse_clip_json, monkeypatch, capsys):
    arguments = [
        ROOT / 'configs/clsclip/clsclip_vit-b16_pascal-5i-480x480_fold0.py',
        '--cfg-options',
        f'model.backbone.architecture={coarse_clip_json}',
        'model.decode_head.in_channels=32',
        'model.decode_head.num_heads=2',
        'model.decode_head.num_layers=0',
        'model.decode_head.conv_channels=(4096,)',
    ]
    monkeypatch.setattr(sys, 'argv', ['training_flops.py', *map(str, arguments)])
    runpy.run_path(str(ROOT / 'tools/reproduce/training_flops.py'), run_name='__main__')
    # The convolution has nearly all: 2 * 9 * 900 * 32 * 4096, and back twice.
    forward, backward = map(
        int,
        re.search(
            r'forward (\d+) GFLOP, backward (\d+)', capsys.readouterr().out
        ).groups(),
    )
    assert 2 <= forward <= 3 and 4 <= backward <= 5
