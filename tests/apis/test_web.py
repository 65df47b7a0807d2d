"""What the page in the browser calls, without a browser."""

import html
import json
import re
import runpy
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmseg_clsclip import Predictor, ZoomIn
from mmseg_clsclip.apis.configs import read_config
from mmseg_clsclip.datasets.shapes_world import CLASSES, draw

gr = pytest.importorskip('gradio')
from mmseg_clsclip.apis import web, web_requests  # noqa: E402

TOOL = str(Path(__file__).parents[2] / 'tools/web_demo.py')
BASELINE = 'baselines/maskclip_shapes-5i_fold0.py'
TRUTH = draw(7, 'test', 0)
NAMES = 'red circle\nyellow square, square in yellow\n\n'


@pytest.fixture(scope='module')
def predictors():
    return [
        Predictor(config, device='cpu', background=True) for config in (None, BASELINE)
    ]


@pytest.fixture
def forwards(predictors):
    """Of both models, one for each picture or batch that they saw."""
    seen = []
    hooks = [
        p.segmentor.register_forward_pre_hook(
            lambda module, args: seen.append(type(module).__name__)
        )
        for p in predictors
    ]
    yield seen
    for hook in hooks:
        hook.remove()


@pytest.fixture
def scene(tmp_path):
    Image.fromarray(TRUTH.picture).save(tmp_path / 'scene.png')
    return str(tmp_path / 'scene.png')


def iou(mask, label, name):
    ours = np.asarray(mask) == label
    truth = TRUTH.labels == 1 + CLASSES.index(name)
    return (ours & truth).sum() / (ours | truth).sum()


def test_the_threshold_moves_without_a_forward(predictors, forwards, scene):
    found, said, *images = web.RequestHandler(predictors)(
        scene, NAMES, False, 0.5, True
    )
    assert forwards == ['ClsCLIP', 'DenseCLIP']
    assert 'clsclip-gate-presence_shapes-15-5_fold0: ' in said
    assert BASELINE[10:-3] in said
    assert iou(images[1], 1, 'red circle') > 0.8
    assert iou(images[1], 2, 'yellow square') > 0.8
    assert found.predictions[0].classes[1] == ('yellow square', 'square in yellow')
    areas = []
    assert found.picture == 'scene.png'
    for threshold in (0.05, 0.5, 0.95):
        drawn = web.show_results(found, threshold, True)
        assert [image.mode for image in drawn[::4] + drawn[1::4]] == [
            *['RGB'] * 2,
            *['P'] * 2,
        ]
        for one, mask, text in zip(found.predictions, drawn[1::4], drawn[2::4]):
            labels = one.labels(threshold)
            np.testing.assert_array_equal(mask, labels)
            for label, name in enumerate(('red circle', 'yellow square'), 1):
                share = round(100 * (labels == label).mean(), 3)
                words = f'{share:.1f} %' if share >= 0.05 else '< 0.1 %'
                told = f'{name} {words}' in html.unescape(text)
                assert told == (label in labels)
        for one, path in zip(found.predictions, drawn[3::4]):
            summary = json.loads(Path(path).read_text())
            config = Path(one.provenance.config).stem
            assert Path(path).name == f'scene_{config}.json'
            assert summary['picture'] == 'scene.png'
            assert summary['threshold'] == threshold
            assert summary['model']['config'] == one.provenance.config
            areas_by_name = {r['name']: r['area'] for r in summary['found']}
            labels = one.labels(threshold)
            for label, name in enumerate(('red circle', 'yellow square'), 1):
                assert areas_by_name.get(name, 0) == (labels == label).sum()
        areas.append(np.count_nonzero(drawn[1]))
    assert areas[0] > areas[1] > areas[2] > 0
    no_background = web.show_results(found, 0.95, False)
    assert (np.asarray(no_background[1]) > 0).all()
    summary = json.loads(Path(no_background[3]).read_text())
    assert summary['threshold'] is None
    assert sum(region['area'] for region in summary['found']) == TRUTH.labels.size
    assert len(forwards) == 2
    assert web.show_results(None, 0.5, True) == gr.skip()
    assert web.show_results(found, None, True) == gr.skip()
    # Moved while the answer came.
    assert (
        web.show_moved(found, 0.5, True) == gr.skip() == web.show_moved(None, 1, True)
    )
    for look in ((0.95, True), (0.5, False)):
        np.testing.assert_array_equal(
            web.show_moved(found, *look)[1], web.show_results(found, *look)[1]
        )


def test_where_the_servers_files_lie_is_not_in_the_figures(predictors, scene):
    found, *_ = web.RequestHandler(predictors[:1])(scene, NAMES, False, 0.5, True)
    (one,) = found.predictions
    one.provenance = replace(
        one.provenance,
        config='/home/ann/client/x.py',
        cfg_options={'model.backbone.pretrained': '/secret/ViT.pt', 'a.b': 3},
    )
    path = web.show_results(found, 0.5, True)[3]
    text = Path(path).read_text()
    assert Path(path).name == 'scene_x.json'
    assert '/home' not in text and '/secret' not in text
    model = json.loads(text)['model']
    assert model['config'] == 'x.py'
    assert model['cfg_options'] == {'model.backbone.pretrained': 'ViT.pt', 'a.b': 3}
    # What the model says of itself stays.
    assert one.provenance.config == '/home/ann/client/x.py'


@pytest.mark.parametrize('value', [0.01, 0.5, 0.999])
def test_thresholds(value):
    assert web.read_threshold(value) == value


@pytest.mark.parametrize(
    'value', [0, 1, -0.5, 95, float('nan'), float('inf'), None, '', '0.5', True, [0.5]]
)
def test_what_is_no_threshold_yet(predictors, forwards, scene, value):
    assert web.read_threshold(value) is None
    with pytest.raises(gr.Error, match='no number between 0 and 1'):
        web.RequestHandler(predictors)(
            scene, NAMES, False, web.read_threshold(value), True
        )
    assert not forwards


def test_what_is_not_there_is_said_and_can_be_asked(scene):
    presence = dict(type='CLIPPresence', views='whole', sharpness=1.75, weight=2.0)
    likely = Predictor(
        device='cpu',
        background=True,
        cfg_options={'model.presence': dict(presence, min_probability=0.1)},
    )
    baseline = Predictor(
        BASELINE, device='cpu', background=True, cfg_options={'model.presence': None}
    )
    ask = web.RequestHandler([likely, baseline])
    assert ask.can_choose
    assert not web.RequestHandler([baseline]).can_choose
    names = 'red circle\nyellow square\n_red ring_'
    for zoom_in in False, True:
        found, _, *shown = ask(scene, names, zoom_in, 0.5, True)
        said, missing = shown[2].split('  \n')
        assert 'red circle' in said and 'ring' not in html.unescape(said)
        assert not set('_.()%') & set(shown[2])
        score = found.predictions[0].presence[2]
        assert html.unescape(missing) == (
            f'not likely enough to be asked: _red ring_ (p {score:.2f})'
        )
        assert (
            found.predictions[0].asked == (True, True, False)
            and found.predictions[1].asked is None
        )
        every, _, *shown = ask(scene, names, zoom_in, 0.5, True, True)
        assert every.predictions[0].presence is None and 'likely' not in shown[2]
        assert torch.equal(every.predictions[1].logits, found.predictions[1].logits)
    # The next request has its own wish.
    assert ask(scene, names, False, 0.5, True)[0].predictions[0].asked == (
        True,
        True,
        False,
    )


def test_the_zoom_in_has_the_model_in_common(predictors, scene):
    ask = web.RequestHandler(predictors[:1])
    found, said, *_ = ask(scene, NAMES, True, 0.5, True)
    assert 'with zoom-in' in said
    assert ask.plus.segmentor is predictors[0].model
    alone = Predictor(device='cpu', background=True, zoom_in=True)
    alone.set_classes(list(map(list, found.predictions[0].classes)))
    torch.testing.assert_close(found.predictions[0].logits, alone(scene).logits)
    plain = ask(scene, NAMES, False, 0.5, True)[0].predictions[0]
    assert not torch.equal(plain.logits, found.predictions[0].logits)
    # A config that zooms in has nothing to switch.
    alone = web.RequestHandler([alone])
    assert not alone.can_zoom
    assert isinstance(alone.predictors[0].model, ZoomIn)


@pytest.mark.parametrize(
    'name, classes, reason',
    [
        (None, 'a', 'Drop a picture'),
        ('scene', ' \n', 'vocabulary is empty'),
        ('scene', 'a\nbackground', 'background.* is where no class is'),
        ('scene', 'a\nb,', "has the name ''"),
        ('scene', 'long ' * 99, 'more tokens than this CLIP reads'),
        ('scene', 'a\n<i>b</i>\n<i>b</i>', "name '<i>b</i>' stands twice"),
        ('broken', 'a', '^broken.jpg: is no picture'),
        ('gone', 'a', 'No such file'),
        ('scene', '\n'.join(map(str, range(256))), '^257 labels; a mask as PNG'),
        ('scene', '\n'.join(map(str, range(10_000))), '48,889 characters, more'),
        ('scene', 'a\n' + 'b,' * 5000, '10,002 characters, more than the 10,000'),
        ('header', 'a', '^header.png: .*9000 x 6000 pixels, more than the 50,00'),
        (
            'header',
            'a\nb\n' + '\n'.join(map(str, range(253))),
            '^header.png: .*pixels, more than the 4,210,752 that',
        ),
        ('eps', 'a', '^eps.png: is no picture'),
    ],
)
def test_what_does_not_do_is_said(
    predictors, forwards, scene, tmp_path, name, classes, reason
):
    (tmp_path / 'broken.jpg').write_bytes(b'hello')
    Image.new('1', (9000, 6000)).save(tmp_path / 'header.png')
    (tmp_path / 'header.png').write_bytes((tmp_path / 'header.png').read_bytes()[:60])
    Image.new('RGB', (9, 9)).save(tmp_path / 'eps.png', 'EPS')
    path = dict(
        scene=scene,
        header=str(tmp_path / 'header.png'),
        eps=str(tmp_path / 'eps.png'),
        broken=str(tmp_path / 'broken.jpg'),
        gone=str(tmp_path / 'gone.jpg'),
    ).get(name)
    with pytest.raises(gr.Error) as error:
        web.RequestHandler(predictors)(path, classes, False, 0.5, True)
    said = error.value.message
    assert '<' not in said and str(tmp_path) not in said
    assert re.search(reason, html.unescape(said)), said
    assert not error.value.print_exception and not forwards


def test_only_what_was_uploaded_is_read(tmp_path, monkeypatch, scene):
    class Data:  # what Gradio hands on
        path = scene

    monkeypatch.setenv('GRADIO_TEMP_DIR', str(tmp_path))
    assert web.check_upload(None) is None and web.check_upload(Data) == scene
    monkeypatch.setenv('GRADIO_TEMP_DIR', str(tmp_path / 'uploads'))
    for Data.path in (
        scene,
        str(tmp_path / 'uploads/../scene.png'),
        'http://10.0.0.1/x.png',
    ):
        with pytest.raises(gr.Error, match='Upload the picture'):
            web.check_upload(Data)


def test_two_requests_wait_for_each_other(predictors, scene):
    ask = web.RequestHandler(predictors)
    inside, most = [], []

    def look(module, args):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()

    hook = predictors[0].segmentor.register_forward_pre_hook(look)
    with ThreadPoolExecutor(3) as pool:
        asked = [[f'red circle, {n}', f'green {n}'] for n in 'abc']
        results = list(
            pool.map(
                lambda names: ask(scene, '\n'.join(names), False, 0.5, True), asked
            )
        )
    hook.remove()
    assert most == [1, 1, 1]
    for names, ((_, (prediction, *_), _), *_) in zip(asked, results):
        assert [', '.join(group) for group in prediction.classes] == names


def rename(monkeypatch, predictor, config):
    monkeypatch.setitem(vars(predictor.model.cfg), '_filename', config)


@pytest.mark.parametrize(
    'config, name',
    [
        ('clsclip-gate-presence_shapes-15-5_fold0', 'ClsCLIP-gate-presence'),
        ('maskclip_shapes-5i_fold0', 'MaskCLIP'),
        ('lseg_pascal-5i', 'LSeg'),
        ('my-own', 'my-own'),
        ('mine_of_photographs', 'mine'),
    ],
)
def test_models_have_their_papers_names(predictors, monkeypatch, config, name):
    rename(monkeypatch, predictors[0], f'configs/{config}.py')
    assert web.read_model_name(predictors[0]) == name


def test_the_page_says_what_the_model_is(predictors, tiny_clip_json):
    shipped = str(web.build_page(predictors).config)
    assert web.DRAWN_WORLD in shipped and 'RANDOM' not in shipped
    cfg = read_config('shapes/clsclip_shapes-5i_whole.py')
    cfg.model.backbone.update(
        architecture=tiny_clip_json, pretrained=None, navigate_blocks=(1,)
    )
    cfg.model.decode_head.update(in_channels=32, num_heads=2)
    random = Predictor(cfg, device='cpu', background=True)
    random = str(web.build_page([random]).config)
    assert web.DRAWN_WORLD not in random and 'RANDOM WEIGHTS' in random


def test_a_request_that_takes_too_long_is_stopped(predictors, scene):
    ask = web.RequestHandler(predictors, 0.3)
    slow = predictors[0].segmentor.register_forward_pre_hook(
        lambda module, args: time.sleep(0.4)
    )
    with pytest.raises(gr.Error, match='longer than 0.3 seconds') as error:
        ask(scene, NAMES, False, 0.5, True)
    assert not error.value.print_exception
    slow.remove()
    ask.seconds = 60
    assert len(ask(scene, NAMES, False, 0.5, True)[0].predictions) == 2
    time.sleep(0.4)  # nothing is left that would stop another
    assert predictors[0](scene).labels().any()


@pytest.mark.parametrize(
    'name', ['<img src=x onerror=alert(1)>', '**a**', '[a](http://b)', '`a`', 'a|b']
)
def test_a_name_is_shown_as_it_is(predictors, monkeypatch, name):
    shown = web_requests.escape_text(name)
    assert not set('<>*[]()`|') & set(shown)
    assert html.unescape(shown) == name
    rename(monkeypatch, predictors[0], f'{name.replace("/", " ")}.py')
    page = str(web.build_page(predictors[:1]).config)
    assert name not in page and shown.replace('&#47;', ' ') in page


def _run(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', ['web_demo.py', '--device', 'cpu', *args])
    runpy.run_path(TOOL, run_name='__main__')


def test_the_command_serves_this_machine_alone(monkeypatch, capsys):
    launched = []
    monkeypatch.setattr(gr.Blocks, 'block_thread', lambda page: None)
    monkeypatch.setattr(
        gr.Blocks,
        'launch',
        lambda page, **options: (launched.append((page, options)), 'http://here', None),
    )
    _run(monkeypatch)
    ((page, options),) = launched
    assert options['share'] is False and not page.analytics_enabled
    assert options['server_name'] == '127.0.0.1'
    assert 'maskclip_shapes-5i_fold0' in str(page.config)
    assert 'The page is at http://here' in capsys.readouterr().out


def test_what_is_too_large_or_passes_the_queue_by_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(web.limits, 'MAX_UPLOAD_BYTES', 9 * 1024)
    pages = []
    monkeypatch.setattr(gr.Blocks, 'block_thread', lambda page: pages.append(page))
    _run(monkeypatch)
    address = re.search('at (http.*?)/?;', capsys.readouterr().out)[1]

    def post(path, data, kind):
        request = urllib.request.Request(
            f'{address}/gradio_api/{path}', data, {'Content-Type': kind}
        )
        try:
            return urllib.request.urlopen(request).status
        except urllib.error.HTTPError as error:
            return error.code

    def upload(size):
        return post(
            'upload',
            b'--x\r\nContent-Disposition: form-data; name='
            b'"files"; filename="a.png"\r\n\r\n' + b'.' * size + b'\r\n--x--\r\n',
            'multipart/form-data; boundary=x',
        )

    assert upload(8000) == 200 and upload(10_000) == 413
    # Many files of which each is small enough; whatever else is sent.
    many = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename='
        b'"a.png"\r\n\r\n' + b'.' * 9000 + b'\r\n'
    ) * 130 + b'--x--\r\n'
    assert post('upload', many, 'multipart/form-data; boundary=x') in (400, 413)
    body = json.dumps(dict(data=['a' * 2**20], fn_index=0, session_hash='a'))
    assert post('queue/join', body.encode(), 'application/json') == 413
    for name in 'RequestHandler', '_ask', 'show_results', 'predict':
        assert post(f'run/{name}', b'{"data": []}', 'application/json') != 200
    assert pages[0]._queue.max_size == 16
    pages[0].close()


@pytest.mark.parametrize(
    'args, reason',
    [
        (['--time-limit', '0'], '2'),
        (['--config', 'nowhere.py'], 'web_demo.py: .*nowhere.py is neither'),
        (
            ['--baseline-config', 'shapes/clsclip_shapes-5i_whole.py'],
            'has parts that are trained; give its checkpoint',
        ),
        (['--baseline-checkpoint', 'a.pth'], '2'),
    ],
)
def test_what_does_not_fit_together_ends_it(monkeypatch, args, reason):
    with pytest.raises(SystemExit, match=reason):
        _run(monkeypatch, *args)
