"""The command: what it writes, what it refuses, what it says."""

import hashlib
import io
import json
import runpy
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmseg_clsclip.apis import cli, outputs, predictor
from mmseg_clsclip.apis.configs import read_config
from mmseg_clsclip.datasets.shapes_world import draw
from mmseg_clsclip.models.clip.loading import ASSETS
from mmseg_clsclip.utils.config_files import configs_folder
from mmseg_clsclip.version import __version__
from mmseg_clsclip_cli import command

ROOT = Path(__file__).parents[2]
SCENE = 'shapes-5i://test/0/000004.bmp'
CLASSES = ['--classes', 'yellow circle', 'red square, square in red']
OUTPUTS = ['_mask.png', '_overlay.png', '.json']


def written():
    return {str(p.relative_to('out')) for p in Path('out').rglob('*') if p.is_file()}


def test_three_files_of_each_picture(clsclip):
    status, out, err = clsclip('in', SCENE, *CLASSES)
    assert status == 0 and '3 of 3 pictures' in out
    assert 'knows only a drawn world' in err and 'RANDOM' not in err
    assert written() == {
        f'{name}{tail}' for name in ('a', 'b', '000004') for tail in OUTPUTS
    }
    mask = Image.open('out/a_mask.png')
    assert mask.mode == 'P' and mask.size == (128, 128)
    labels = np.asarray(mask)
    said = json.loads(Path('out/a.json').read_text())
    assert said['picture'] == 'in/a.png' and said['threshold'] == 0.5
    assert (said['width'], said['height']) == (128, 128)
    assert said['random_weights'] is False and said['background'] is True
    checkpoint = Path(predictor.SHIPPED[1])
    assert said['model'] == dict(
        version=__version__,
        config=predictor.SHIPPED[0],
        cfg_options={},
        checkpoint=checkpoint.name,
        checkpoint_sha256=hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        clip=read_config(predictor.SHIPPED[0]).model.presence.calibration.clip,
        presence=said['model']['presence'],
        proposals=None,
    )
    assert 'chosen on 200 training pictures' in said['model']['presence']
    assert said['classes'] == [
        dict(label=1, name='yellow circle', synonyms=[]),
        dict(label=2, name='red square', synonyms=['square in red']),
    ]
    square = said['found'][1]
    y, x = np.nonzero(labels == 2)
    assert square == dict(
        label=2,
        name='red square',
        area=len(x),
        per_cent=round(len(x) / 128 / 1.28, 3),
        box=[x.min(), y.min(), x.max() + 1, y.max() + 1],
        presence=square['presence'],
    )
    assert said['not_found'] == []
    truth = draw(4, 'test', 0).labels == 5
    assert (truth & (labels == 2)).sum() / (truth | (labels == 2)).sum() > 0.9
    overlay = Image.open('out/a_overlay.png')
    assert overlay.width == 512 and overlay.height > 512  # the legend


def test_what_knows_drawn_shapes_alone_is_marked_where_a_photograph_may_be(clsclip):
    status, out, _ = clsclip('in/a.png', SCENE, *CLASSES)
    assert status == 0
    assert out.startswith(f'{outputs.DRAWN_WARNING}\nin/a.png: found: ')
    for name, marked in ('a', True), ('000004', False):
        said = json.loads(Path(f'out/{name}.json').read_text())
        assert said['drawn_world'] is marked
        assert (outputs.DRAWN_WARNING in said['notes']) is marked
        pixel = Image.open(f'out/{name}_overlay.png').getpixel((1, 1))
        assert (pixel == (255, 0, 0)) is marked
    _, out, err = clsclip(SCENE, *CLASSES, '--overwrite')
    assert outputs.DRAWN_WARNING not in out and 'drawn world' not in err


def test_the_json_tells_how_a_model_was_asked(clsclip):
    maskclip = ['--config', 'baselines/maskclip_shapes-5i_fold0.py']
    status, out, _ = clsclip(
        'in/a.png',
        *CLASSES,
        *maskclip,
        '--zoom-in',
        '--cfg-options',
        'model.test_cfg.dtype=float32',
    )
    assert status == 0 and outputs.DRAWN_WARNING in out  # no photographs, either
    said = json.loads(Path('out/a.json').read_text())['model']
    assert said['config'] == maskclip[1]
    assert said['cfg_options'] == {'model.test_cfg.dtype': 'float32'}
    assert said['checkpoint'] is said['checkpoint_sha256'] is said['presence'] is None
    assert said['proposals'].startswith('SelfProposals')


def test_a_higher_threshold_finds_less(clsclip):
    areas = []
    for threshold in (0.5, 0.95):
        assert (
            clsclip('in/a.png', *CLASSES, '--overwrite', '--threshold', threshold)[0]
            == 0
        )
        areas.append(np.count_nonzero(Image.open('out/a_mask.png')))
    assert areas[0] > areas[1] > 0


def test_every_pixel_of_a_class_and_a_closer_look(clsclip):
    masks = []
    for zoom_in in [], ['--zoom-in']:
        status, *_ = clsclip(
            'in/a.png', *CLASSES, '--no-background', '--overwrite', *zoom_in
        )
        said = json.loads(Path('out/a.json').read_text())
        assert status == 0
        assert said['background'] is False and said['threshold'] is None
        assert [one['label'] for one in said['classes']] == [0, 1]
        assert sum(one['area'] for one in said['found']) == 128 * 128
        masks.append(np.asarray(Image.open('out/a_mask.png')))
    assert (masks[0] != masks[1]).any()


def test_the_checkpoint_that_is_named_is_taken(clsclip):
    masks = []
    for fold in 0, 1:
        status, *_ = clsclip(
            'in/a.png',
            *CLASSES,
            '--overwrite',
            '--config',
            'shapes/clsclip_shapes-5i_whole.py',
            '--checkpoint',
            ASSETS / f'clsclip_shapes-5i_fold{fold}.pth',
        )
        assert status == 0
        masks.append(np.asarray(Image.open('out/a_mask.png')))
    assert (masks[0] != masks[1]).any()


def test_nothing_is_overwritten_and_no_model_asked(clsclip, monkeypatch):
    Path('out').mkdir()
    Path('out/b.json').write_text('mine')
    built = []
    monkeypatch.setattr(cli, 'Predictor', lambda *args, **options: built.append(args))
    status, _, _ = clsclip('in', *CLASSES)
    assert status.startswith('clsclip: 1 results exist: out/b.json.')
    assert '--overwrite' in status and not built
    assert written() == {'b.json'}
    Path('in/c.png').write_bytes(Path('in/a.png').read_bytes())
    Path('out/c_mask.png').write_bytes(Path('in/a.png').read_bytes())
    status, _, _ = clsclip('out/c_mask.png', 'in/c.png', '--overwrite')
    assert 'would take the place of a picture' in status and not built


def test_random_weights_are_said_everywhere(clsclip, monkeypatch, tiny_clip_json):
    status, out, err = clsclip(
        'in/a.png',
        *CLASSES,
        '--config',
        predictor.SHIPPED[0],
        '--cfg-options',
        f'model.backbone.architecture={tiny_clip_json}',
        'model.backbone.pretrained=None',
        'model.backbone.navigate_blocks=1,',
        'model.decode_head.in_channels=32',
        'model.decode_head.num_heads=2',
    )
    assert status == 0
    assert err.count(outputs.RANDOM_WARNING) == 2 and 'drawn world' not in err
    assert out.startswith(f'{outputs.RANDOM_WARNING}\nin/a.png: found: ')
    said = json.loads(Path('out/a.json').read_text())
    assert said['random_weights'] and outputs.RANDOM_WARNING in said['notes']
    assert not said['drawn_world'] and said['model']['checkpoint'] is None
    overlay = Image.open('out/a_overlay.png')
    assert overlay.getpixel((1, 1)) == (255, 0, 0)


@pytest.mark.parametrize(
    'args, reason',
    [
        (['--config', 'nowhere.py'], 'The config nowhere.py is neither'),
        (['--classes', 'a', 'b,'], "Class 1 of the vocabulary has the name ''"),
        (['--clip', '/no/such.pt'], "CLIP weights '/no/such.pt' do not exist"),
        (['--threshold', '1.5'], 2),
        (['--threshold', 'nan'], 2),
        (['--cfg-options', 'model.type=Nope'], "type='Nope' is no class that is"),
        (['--cfg-options', 'model.backbone.architecture=3'], 'clsclip: '),
        (['--cfg-options', 'test_pipeline=[]'], 'test_pipeline=[]: a list of '),
        (
            ['--config', 'shapes/clsclip_shapes-5i_whole.py'],
            'parts that are trained; give its checkpoint',
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(clsclip, args, reason):
    status, _, _ = clsclip('in/a.png', *args)
    assert status == reason or reason in status and '\n' not in status
    assert not Path('out').exists()


def test_more_names_than_a_mask_holds_are_refused_before_a_model_is_built(
    clsclip, monkeypatch
):
    names = [f'thing {number}' for number in range(300)]
    with monkeypatch.context() as patch:
        patch.setattr(cli, 'Predictor', None)
        for labels, number, more in (
            (300, 300, ['--no-background']),
            (257, 257, []),
            (257, 256, ['--background']),
        ):
            status, _, _ = clsclip('in', *more, '--classes', *names[:number])
            assert status.startswith(
                f'clsclip: {labels} labels; a mask as PNG holds 256.'
            )
    # What the config says of a background is known afterwards.
    status, _, _ = clsclip('in', '--classes', *names[:256])
    assert '257 labels; a mask' in status and not Path('out').exists()


def test_a_name_with_a_comma(clsclip):
    status, _, _ = clsclip(
        'in/a.png', '--classes', r'red, ring\, broken', 'yellow circle'
    )
    said = json.loads(Path('out/a.json').read_text())
    assert status == 0
    assert said['classes'][0] == dict(label=1, name='red', synonyms=['ring, broken'])


def test_pictures_after_the_names_are_explained(clsclip, capsys):
    with pytest.raises(SystemExit, match='2'):
        command.main(['--classes', 'red mug', 'in/a.png', '--out-dir', 'out'])
    said = capsys.readouterr().err
    assert 'PICTURE (pictures come before --classes, which takes' in said


@pytest.mark.parametrize('name', ['in/b.png', SCENE, 'in/', './in', 'b.txt'])
def test_a_picture_among_the_names_is_explained(clsclip, capsys, monkeypatch, name):
    Path('b.txt').touch()
    monkeypatch.setattr(cli, 'Predictor', None)
    with pytest.raises(SystemExit, match='2'):
        command.main(['in/a.png', '--classes', 'red mug', name, '--out-dir', 'out'])
    error = capsys.readouterr().err
    assert f'--classes {name}: is a picture or a folder (pictures come before' in error
    assert error.count('come before') == 1
    assert not Path('out').exists()


def test_a_class_may_be_called_like_a_file_without_a_suffix(clsclip):
    names = ['ring', 'in', 'St. Bernard', 'a/c', 'c.png']
    Path('ring').touch()
    assert clsclip('in/a.png', '--classes', *names)[0] == 0
    said = json.loads(Path('out/a.json').read_text())
    assert [one['name'] for one in said['classes']] == names


PRESENCE = dict(
    type='CLIPPresence', views='whole', sharpness=1.75, weight=2.0, min_probability=0.1
)


def with_presence(**changes):
    """Options by which the shipped model has a presence."""
    path = Path('presence.py')
    path.write_text(
        f'_base_ = {str(configs_folder() / predictor.SHIPPED[0])!r}\n'
        f'model = dict(presence={dict(PRESENCE, **changes)})\n'
    )
    return '--config', path, '--checkpoint', predictor.SHIPPED[1]


def test_what_is_not_there_is_said(clsclip):
    names = ['yellow circle', 'red square', 'green\nring', 'dog', 'blue cross']
    status, out, _ = clsclip('in', *with_presence(), '--classes', *names)
    assert status == 0
    said = json.loads(Path('out/a.json').read_text())
    assert list(said)[-2:] == ['found', 'not_found']
    assert [one['name'] for one in said['found']] == names[:2]
    assert all(one['presence'] > 0.9 for one in said['found'])
    assert [one['name'] for one in said['not_found']] == names[2:]
    assert [one['label'] for one in said['not_found']] == [3, 4, 5]
    for one in said['not_found']:
        assert one['asked'] == (one['presence'] >= 0.1)
        assert one['presence'] < 0.5
    lines = [line for line in out.splitlines() if line.startswith('in/a.png: ')]
    found, missing = lines
    for one in said['found']:
        text = f'{one["name"]} {one["per_cent"]:.1f} % (p {one["presence"]:.2f})'
        assert text in found
    assert 'not likely enough to be asked: ' in missing
    for one in said['not_found']:
        assert f'{" ".join(one["name"].split())} (p {one["presence"]:.2f})' in missing
    assert out.index('in/a.png: ') < out.index('in/b.png: ') < out.index('2 of 2')


def test_all_names_are_asked(clsclip):
    names = ['yellow circle', 'red square', 'red ring']
    tails = []
    for options in [], ['--all-names']:
        status, out, _ = clsclip(
            'in/a.png', '--overwrite', *with_presence(), *options, '--classes', *names
        )
        assert status == 0
        said = json.loads(Path('out/a.json').read_text())
        tails.append(said['found'] + said['not_found'])
    assert all(one['presence'] is not None for one in tails[0])
    assert all(one['presence'] is None for one in tails[1])
    assert not all(one.get('asked', True) for one in tails[0])
    assert all(one.get('asked', True) for one in tails[1])
    assert len(tails[0]) == len(tails[1]) == 3
    assert '(p ' not in out and 'likely' not in out


def test_nothing_that_is_likely_is_a_note(clsclip):
    names = ['red ring', 'dog', 'cat']
    status, out, err = clsclip(
        'in/a.png', *with_presence(min_probability=1.0), '--classes', *names
    )
    said = json.loads(Path('out/a.json').read_text())
    assert status == 0 and predictor.NOTHING_ASKED in said['notes']
    assert predictor.NOTHING_ASKED in err and 'in/a.png: found: nothing\n' in out
    assert not said['found'] and len(said['not_found']) == 3
    assert not np.asarray(Image.open('out/a_mask.png')).any()


def test_a_line_has_what_stdout_can_write(clsclip, monkeypatch):
    stdout = io.TextIOWrapper(io.BytesIO(), 'ascii')
    with monkeypatch.context() as patch:
        patch.setattr(sys, 'stdout', stdout)
        clsclip('in/a.png', '--all-names', '--classes', 'red square', '犬')
    stdout.flush()
    assert rb'\u72ac' in stdout.buffer.getvalue()


def test_the_last_line_has_what_stdout_can_write(clsclip, monkeypatch):
    stdout = io.TextIOWrapper(io.BytesIO(), 'ascii')
    with monkeypatch.context() as patch:
        patch.setattr(sys, 'stdout', stdout)
        command.main(['in/a.png', '--device', 'cpu', '--out-dir', '犬'])
    stdout.flush()
    assert stdout.buffer.getvalue().endswith(b'JSON are in \\u72ac.\n')


def test_the_example_of_the_help_can_be_typed(clsclip, capsys, monkeypatch):
    with pytest.raises(SystemExit, match='0'):
        command.main(['--help'])
    example = capsys.readouterr().out.split('\nclsclip ')[1].split('\n\n')[0]
    command.main(shlex.split(example.replace('\\\n', ' ')))
    assert written() == {f'000004{tail}' for tail in OUTPUTS}


def test_the_version(capsys):
    with pytest.raises(SystemExit, match='0'):
        command.main(['--version'])
    assert capsys.readouterr().out == f'mmseg_clsclip {__version__}\n'


def test_the_tool_is_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['demo.py', '--help'])
    with pytest.raises(SystemExit, match='0'):
        runpy.run_path(str(ROOT / 'tools/demo.py'), run_name='__main__')
    assert 'PICTURE' in capsys.readouterr().out
