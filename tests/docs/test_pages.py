"""README and docs: links lead somewhere, commands can be typed."""

import json
import re
import runpy
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from functools import cache
from glob import glob
from io import BytesIO, StringIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmcv.transforms import Compose
from mmengine.config import Config
from mmseg.registry import MODELS
from PIL import Image

ROOT = Path(__file__).parents[2]
PAGES = [
    'README.md',
    *sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / 'docs').iterdir()
        if path.suffix in ('.md', '.ipynb')
    ),
]
FENCE = re.compile(r'^```(\w*)\n(.*?)^```$', re.M | re.S)
COMMAND = re.compile(r'(python tools/|clsclip |make |tools/\S+\.sh )')
# What a page has its reader write.
WRITTEN = {'configs/custom/fcn_r18_custom_whole.py'}
PLACES = ('configs/', 'docs/', 'mmseg_clsclip/', 'requirements/', 'tests/', 'tools/')


@cache
def read(page):
    text = (ROOT / page).read_text(encoding='utf-8')
    if page.endswith('.ipynb'):
        text = '\n\n'.join(
            ''.join(cell['source'])
            for cell in json.loads(text)['cells']
            if cell['cell_type'] == 'markdown'
        )
    return text


def anchors(page):
    """As GitHub makes them of headings."""
    titles = re.findall(r'^#+ (.+)$', FENCE.sub('', read(page)), re.M)
    return {
        re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-') for title in titles
    }


def commands(page):
    """The commands of the blocks without a language, a list of words each."""
    for language, block in FENCE.findall(read(page)):
        if language:
            continue
        variables = dict(re.findall(r'^(\w+)=(\S+)$', block, re.M))
        for line in block.replace('\\\n', ' ').splitlines():
            line = re.sub(r'^(\w+=\S* )+', '', line.strip())
            if COMMAND.match(line):
                for name, value in variables.items():
                    line = line.replace(f'${name}', value)
                yield shlex.split(line, comments=True)


def exists(path):
    """A path of the repository; {} and variables stand for anything."""
    pattern = re.sub(r'\{.*?\}|\$\w+', '*', path)
    return bool(glob(str(ROOT / pattern)))


def options(tool, words, monkeypatch):
    """What a tool says that it knows, asked by --help in this process."""
    asked = [word for word in words[:1] if word.isalpha() and word.islower()]
    if tool.suffix == '.sh':
        told = subprocess.run(
            ['bash', tool, '--help'], cwd=ROOT, text=True, capture_output=True
        ).stdout
        return set(re.findall(r'^ +(--[\w-]+)', told, re.M))
    monkeypatch.syspath_prepend(tool.parent)
    monkeypatch.setattr('sys.argv', [str(tool), *asked, '--help'])
    with redirect_stdout(StringIO()) as told, pytest.raises(SystemExit):
        runpy.run_path(str(tool), run_name='__main__')
    return set(re.findall(r'(?<!\w)--?[a-z][\w-]*', told.getvalue()))


@pytest.mark.parametrize('page', [*PAGES, 'CONTRIBUTING.md', 'CHANGELOG.md'])
def test_links_lead_somewhere(page):
    text = FENCE.sub('', read(page))
    for link in re.findall(r'\]\(([^)\s]+)\)', text):
        if re.match(r'\w+:', link):
            continue
        name, _, anchor = link.partition('#')
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.exists(), f'{page}: {link}'
        if anchor:
            other = target.resolve().relative_to(ROOT.resolve()).as_posix()
            assert anchor in anchors(other), f'{page}: {link}'


@pytest.mark.parametrize('page', PAGES)
def test_files_that_are_named_exist(page):
    inline = re.findall(r'`([^`\n]+)`', FENCE.sub('', read(page)))
    words = [word for span in inline for word in span.split()]
    words += [word for command in commands(page) for word in command]
    for word in words:
        if word.startswith(PLACES) and '...' not in word and word not in WRITTEN:
            assert exists(word), f'{page}: {word}'


@pytest.mark.parametrize('page', PAGES)
def test_commands_have_the_options_of_their_tools(page, monkeypatch):
    for words in commands(page):
        if words[0] == 'make':
            targets = re.findall(r'^(\w+):', (ROOT / 'Makefile').read_text(), re.M)
            assert words[1] in targets, f'{page}: {words}'
            continue
        tool, *words = words[words[0] == 'python' :]
        tool = 'tools/demo.py' if tool == 'clsclip' else tool
        given = {word.partition('=')[0] for word in words if re.match('--?[a-z]', word)}
        if tool == 'tools/web_demo.py':
            pytest.importorskip('gradio')
        known = options(ROOT / tool, words, monkeypatch)
        assert known or tool.endswith('.sh'), f'{tool} tells nothing'
        assert given <= known, f'{page}: {tool} has no {given - known}'
        for option, value in zip(words, words[1:]):
            if tool == 'tools/demo.py' and option == '--config':
                assert exists(f'configs/{value}'), f'{page}: {value}'


def test_there_are_commands_to_be_checked():
    assert sum(len(list(commands(page))) for page in PAGES) > 25


def run(page, monkeypatch):
    """The Python of a page, block after block, at the checkout's root."""
    monkeypatch.chdir(ROOT)
    names = {}
    for language, block in FENCE.findall(read(page)):
        if language == 'python':
            exec(compile(block, page, 'exec'), names)
            yield dict(names)


def test_the_readmes_python_runs(monkeypatch, tmp_path):
    asked, configured, last = run('README.md', monkeypatch)
    assert set(np.unique(asked['labels'])) == {0, 1, 2}  # no green ring
    text = ''.join(f'{key} = {configured[key]!r}\n' for key in ('_base_', 'model'))
    (tmp_path / 'config.py').write_text(text)
    cfg = Config.fromfile(tmp_path / 'config.py')
    assert cfg.custom_imports.imports == ['mmseg_clsclip']
    assert cfg.model.backbone.pretrained == '/weights/ViT-B-16.pt'
    # ViT-B/16's weights are not on every machine.
    cfg.model.backbone.update(architecture='shapes-clip', pretrained='shipped')
    model = MODELS.build(cfg.model)
    assert model.data_preprocessor.mean[0, 0, 0] == pytest.approx(122.771, abs=1e-3)
    assert model.text_encoder.names == ('cat', 'sofa', 'potted plant')
    assert last['labels'].shape == (128, 128)
    assert set(np.unique(last['labels'])) <= set(range(21))


def test_the_demos_python_runs_and_both_ways_agree(monkeypatch):
    first, last, _ = run('docs/demo.md', monkeypatch)
    assert first['labels'].dtype == np.uint8
    labels = first['prediction'].labels(threshold=0.5)
    assert np.array_equal(labels, last['labels'])
    assert set(np.unique(labels)) == {0, 1, 2}


def test_the_demos_application_answers(monkeypatch):
    pytest.importorskip('fastapi')
    from fastapi.testclient import TestClient

    from mmseg_clsclip.datasets.shapes_world import CLASSES, draw

    *_, served = run('docs/demo.md', monkeypatch)
    client = TestClient(served['app'])
    scene, png = draw(4, 'test', 0), BytesIO()
    Image.fromarray(scene.picture).save(png, 'PNG')

    def post(data, classes, **query):
        return client.post(
            '/segment',
            files=dict(picture=('scene.png', data)),
            data=dict(classes=classes),
            params=query,
        )

    names = ['yellow circle', 'red square,square in red', 'green ring']
    told = post(png.getvalue(), names).json()
    assert told['picture'] == 'scene.png'
    assert [one['label'] for one in told['found']] == [1, 2]
    assert told['classes'][1]['synonyms'] == ['square in red']
    answer = post(png.getvalue(), names, mask='true')
    assert answer.headers['content-type'] == 'image/png'
    mask = np.asarray(Image.open(BytesIO(answer.content)))
    for label in 1, 2:
        truth = scene.labels == 1 + CLASSES.index(names[label - 1].split(',')[0])
        ours = mask == label
        assert (ours & truth).sum() / (ours | truth).sum() > 0.8
        assert told['found'][label - 1]['area'] == ours.sum()
    for data, classes, said in (
        (b'no picture', names, 'scene.png: is no picture.'),
        (png.getvalue(), ['a', 'a'], 'stands twice'),
        (png.getvalue(), ['background'], 'where no class is'),
    ):
        refused = post(data, classes)
        assert refused.status_code == 422 and said in refused.json()['detail']
    refused = post(png.getvalue(), [f'n{i}' for i in range(256)], mask='true')
    assert refused.status_code == 422 and '257 labels' in refused.json()['detail']
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 100)
    refused = post(png.getvalue(), names)
    assert refused.status_code == 422 and 'exceeds limit' in refused.json()['detail']


# Asked at the end of a script that must need neither.
ALONE = """
import sys
assert not {'mmseg', 'mmengine', 'mmseg_clsclip'} & set(sys.modules)
"""


def python_blocks(page):
    return [
        block for language, block in FENCE.findall(read(page)) if language == 'python'
    ]


@pytest.mark.parametrize(
    'shape', [(375, 500), (500, 333), (481, 479), (7, 480), (3, 3)]
)
def test_the_exports_letterbox_is_the_pipelines(shape):
    cfg = Config.fromfile(ROOT / 'configs/custom/clsclip_vit-b16_custom.py')
    picture = np.random.randint(0, 256, (*shape, 3), np.uint8)
    wanted = Compose(cfg.letterbox)(dict(img=picture))
    place = dict(cv2=cv2, original=picture)
    exec(python_blocks('docs/export.md')[1], place)
    np.testing.assert_array_equal(place['square'], wanted['img'])
    _, right, _, below = wanted['padding_size']
    assert (place['height'], place['width']) == (480 - below, 480 - right)


@pytest.mark.slow
def test_the_exported_files_run_without_mmseg(tmp_path):
    pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    page, here = 'docs/export.md', tmp_path / 'exported'
    (_, tool, config, *rest), *_ = commands(page)
    onnx, letterbox, tokens, program, quantized = python_blocks(page)
    from mmseg_clsclip import Predictor
    from mmseg_clsclip.datasets.shapes_world import CLASSES, draw

    scene = draw(7, 'test')
    Image.fromarray(scene.picture).save(tmp_path / 'picture.png')
    for name in ('configs', 'mmseg_clsclip'):
        (tmp_path / name).symlink_to(ROOT / name)
    for words in (
        [ROOT / tool, config, *rest],
        ['-c', onnx + letterbox + ALONE],
        ['-c', onnx + tokens + ALONE],
        ['-c', program + ALONE],
        ['-c', quantized + ALONE],
    ):
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stderr[-3000:]
    for name in re.findall(r'^\| `(\w+\.\w+)` \|', read(page), re.M):
        assert (here / name).is_file(), name
    found = np.array(Image.open(tmp_path / 'mask.png'))
    exported = Predictor(str(ROOT / config), str(ROOT / rest[0]), classes=CLASSES)
    wanted = exported(scene.picture).labels(threshold=0.5)
    assert len(np.unique(wanted)) > 2
    assert (found == wanted).mean() > 0.999  # but for ties
    assert (
        2 * (tmp_path / 'int8.onnx').stat().st_size
        < (here / 'segmentor.onnx').stat().st_size
    )
