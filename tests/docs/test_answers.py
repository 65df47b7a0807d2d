"""What docs/answers.md quotes is what is said today: each message is provoked."""

import importlib.metadata
import importlib.util
import json
import logging
import re
import runpy
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import mmcv
import numpy as np
import pytest
import torch
from mmcv.transforms import RandomFlip
from mmengine.logging import MMLogger
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from PIL import Image
from safetensors.torch import save_file

from mmseg_clsclip import EpisodeIoUMetric, EvaluationGuardHook, compat, load_clip
from mmseg_clsclip.datasets import CheckedLoadAnnotations
from mmseg_clsclip.datasets.masks import check_mask, misread
from mmseg_clsclip.engine.hooks.checks import check_vocabulary
from mmseg_clsclip.evaluation.metrics.compared_pixels import compared_pixels
from mmseg_clsclip.models.clip.identity import check_clip_name, text_to_buffer
from mmseg_clsclip.models.inference.class_batches import ClassBatcher
from mmseg_clsclip.models.presence.building import resolve_presence
from mmseg_clsclip.models.segmentors.checkpoint_signature import check_settings
from mmseg_clsclip.utils.config_options import load_config
from mmseg_clsclip.zoom_in.resize_check import require_undoable
from mmseg_clsclip_cli import command

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs/answers.md').read_text(encoding='utf-8')
# The quotes below each heading.
QUOTES = {
    part.partition('\n')[0]: re.findall(r'^```text\n(.+?)\n```$', part, re.M | re.S)
    for part in re.split(r'^### ', PAGE, flags=re.M)[1:]
}
PICTURE = 'shapes-5i://test/0/000004.bmp'
PAPERS = [PICTURE, '--config', 'shapes/clsclip_shapes-5i_whole.py']
RANDOM = '--cfg-options', 'model.backbone.pretrained=None'
MODEL = dict(
    type='ClsCLIP',
    backbone=dict(
        type='ClsCLIPVisionTransformer',
        architecture='shapes-clip',
        pretrained='shipped',
    ),
    text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=['red square']),
    decode_head=dict(type='ClsCLIPHead', in_channels=96, num_heads=3),
)


class Place(NamedTuple):
    """Where mistakes are made."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture
    log: list[str]

    def run(self, *words: str) -> str:
        """Return all that the command says."""
        out = ['--out-dir', str(self.folder / 'out'), '--overwrite', '--device', 'cpu']
        try:
            command.main([*words, *out])
        except SystemExit as error:
            print(error)
        return ' '.join(self.capsys.readouterr())


@pytest.fixture
def place(tmp_path, monkeypatch, capsys):
    log = []
    handler = logging.Handler()
    handler.emit = lambda record: log.append(record.getMessage())
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield Place(tmp_path, monkeypatch, capsys, log)
    logger.removeHandler(handler)


MISTAKES: dict[str, Callable[[Place], Iterator[object]]] = {}


def mistake(heading):
    """Register what yields the messages below a heading, in their order."""
    return lambda function: MISTAKES.setdefault(heading, function)


def error_of(function, *args):
    with pytest.raises(Exception) as caught:
        function(*args)
    return caught.value


def error_without(module, place):
    place.monkeypatch.setattr(
        'importlib.util.find_spec', lambda name: None if name == module else True
    )
    return error_of(compat.require_stack)


@mistake('mmcv, mmengine or mmseg is not found')
def nothing_installed(place):
    yield error_without('mmcv', place)


@mistake(
    'Two families were there, one was removed, and now pip lists a package that is '
    'not found'
)
def half_removed(place):
    yield error_without('mmengine', place)


@mistake('MMCV is used but incompatible')
def newer_mmcv(place):
    try:
        importlib.metadata.version('mmsegmentation')
    except importlib.metadata.PackageNotFoundError:
        pytest.skip('the fork does not look')
    source = Path(importlib.util.find_spec('mmseg').origin)
    place.monkeypatch.setattr(mmcv, '__version__', '2.2.0')
    code = compile(source.read_text(encoding='utf-8'), source, 'exec')
    yield error_of(exec, code, dict(__name__='mmseg', __package__='mmseg'))


@mistake("No module named 'mmcv._ext'")
def other_order(place):
    command = [sys.executable, '-W', 'ignore', '-c', 'import mmseg.models']
    done = subprocess.run(command, capture_output=True, text=True)
    if not done.returncode:
        pytest.skip('this family does without, or has it')
    yield done.stderr.splitlines()[-1]


@mistake('An operator of mmcv is compiled code')
def operator_of_mmcv_lite(place):
    yield error_of(compat._MissingOperators('mmcv._ext').nms)


@mistake('pip says that Gradio and Pillow do not fit')
def newer_pillow(place):
    if not importlib.util.find_spec('gradio'):
        pytest.skip('no gradio')
    needs = importlib.metadata.requires('gradio')
    (bounds,) = (need[6:] for need in needs if need.startswith('pillow'))
    version = importlib.metadata.version('gradio')
    other = 'but you have pillow 13.0.0 which is incompatible.'
    yield f'gradio {version} requires pillow{bounds}, {other}'


@mistake('The page in the browser does not start')
def no_gradio(place):
    place.monkeypatch.setitem(sys.modules, 'gradio', None)
    start = runpy.run_path(str(ROOT / 'tools/web_demo.py'))['main']
    with pytest.raises(SystemExit) as caught:
        start([])
    yield str(caught.value)


@mistake('The weights were trained with QuickGELU, or nobody knows')
def other_activation(place):
    file = place.folder / 'ViT-B-16.safetensors'
    save_file({'x': torch.zeros(1)}, file, {'quick_gelu': 'true'})
    yield error_of(load_clip, 'ViT-B-16', file)
    torch.save({'x': torch.zeros(1)}, place.folder / 'ViT-B-16.pt')
    error_of(load_clip, 'ViT-B-16', place.folder / 'ViT-B-16.pt')
    yield place.log[-1]


@mistake('The weights are those of another architecture')
def other_architecture(place):
    file = place.folder / 'ViT-B-16.safetensors'
    save_file({'x': torch.zeros(1)}, file, {'quick_gelu': 'true'})
    yield error_of(load_clip, 'ViT-B-16-quickgelu', file)


def warning_of(model, place):
    runner = types.SimpleNamespace(model=MODELS.build(model))
    EvaluationGuardHook().after_val_epoch(runner)
    return place.log[-1]


@mistake('It says that the weights are random')
def no_weights(place):
    said = place.run(*PAPERS, *RANDOM)
    yield next(line for line in place.log if 'random weights' in line)
    yield said
    backbone = dict(MODEL['backbone'], pretrained=None)
    yield warning_of(dict(MODEL, backbone=backbone), place)


@mistake('The checkpoint is of another CLIP')
def other_clip(place):
    stored = text_to_buffer('ViT-B-16@0123456789ab')
    built = text_to_buffer('ViT-B-16-quickgelu@ba9876543210')
    yield error_of(check_clip_name, stored, built)


@mistake('The checkpoint was trained with other settings')
def other_settings(place):
    blocks = 'backbone.navigate_blocks'
    stored = text_to_buffer(json.dumps({blocks: [5, 6, 7]}))
    yield error_of(check_settings, stored, {blocks: [2, 3, 4]})


@mistake('It wants a checkpoint, or a config')
def no_checkpoint(place):
    yield place.run(*PAPERS)
    yield place.run(PICTURE, '--checkpoint', 'mine.pth')
    yield warning_of(MODEL, place)


@mistake('A class is not in the registry')
def misspelt(place):
    yield error_of(MODELS.build, dict(type='ClsCLIPHaed'))
    yield place.run(*PAPERS, '--cfg-options', 'model.type=ClsCLIPHaed')


@mistake('keep_classes is a presence, and there is another')
def two_presences(place):
    yield error_of(resolve_presence, dict(keep_classes=3), dict(type='CLIPPresence'))


@mistake('The truth and the prediction are not of one size')
def resized_truth(place):
    sample = dict(
        gt_sem_seg=dict(data=torch.zeros(1, 64, 64)),
        pred_sem_seg=dict(data=torch.zeros(1, 128, 128)),
        seg_map_path='masks/cat.png',
    )
    yield error_of(compared_pixels, sample, 255, 2)
    place.monkeypatch.chdir(place.folder)
    for folder, name, size in (
        ('pictures', 'cat.jpg', (640, 480)),
        ('masks', 'cat.png', (480, 640)),
    ):
        Path(folder).mkdir()
        Image.new('L', size).save(Path(folder, name))
    info = dict(
        img_path='pictures/cat.jpg',
        seg_map_path='masks/cat.png',
        ori_shape=(480, 640),
        seg_fields=[],
        reduce_zero_label=False,
    )
    yield error_of(CheckedLoadAnnotations(), info)


@mistake('An option is no part of the config')
def misspelt_option(place):
    place.monkeypatch.chdir(place.folder)
    path = Path('configs/shapes/clsclip_shapes-5i_fold0.py')
    path.parent.mkdir(parents=True)
    path.write_text('model = dict()')
    yield error_of(load_config, path, dict(load_form='x.pth'))


@mistake('A transform cannot be undone by resizing')
def flipped(place):
    yield error_of(require_undoable, [RandomFlip(prob=1.0)], (64, 64))


@mistake('The model and the data set have not the same classes')
def other_vocabulary(place):
    truth = 'background', 'cat', 'dog'
    yield error_of(check_vocabulary, ('background', 'cat'), truth)
    yield error_of(check_vocabulary, ('background', 'dog', 'cat'), truth)
    check_vocabulary(('background', 'kitten', 'dog'), truth)
    yield place.log[-1]


@mistake('A sample has no class_name')
def no_class_name(place):
    model = MODELS.build(MODEL)
    yield error_of(model.loss, torch.zeros(1, 3, 64, 64), [SegDataSample()])
    yield error_of(EpisodeIoUMetric().process, {}, [{}])


@mistake('A name is refused')
def refused_names(place):
    yield place.run(PICTURE, '--classes', 'background', 'red square')
    yield place.run(PICTURE, '--classes', 'yellow circle', '--no-background')
    yield place.run(PICTURE, '--classes', 'red square', 'red square')


@mistake('The pictures are taken for names')
def names_first(place):
    place.monkeypatch.chdir(ROOT)
    yield place.run(PICTURE, '--classes', 'README.md')


@mistake('Nothing is found')
def nothing_found(place):
    photograph = place.folder / 'photograph.png'
    Image.fromarray(np.full((64, 64, 3), 128, np.uint8)).save(photograph)
    alone = place.run(str(photograph), '--classes', 'green ring')
    yield alone
    yield alone
    two = PICTURE, '--classes', 'green ring', 'red square'
    yield place.run(*two)
    unsure = 'min_probability=0.9', 'sharpness=0.01'
    options = [f'model.presence.{option}' for option in unsure]
    yield place.run(*two, '--cfg-options', *options)
    yield alone


@mistake('Everything is found')
def everything_found(place):
    weights = str(ROOT / 'mmseg_clsclip/assets/clsclip_shapes-5i_fold0.pth')
    said = place.run(*PAPERS, '--checkpoint', weights)
    yield said
    assert len(re.search('found: (.+)', said)[1].split(',')) == 10


@mistake('The masks of my data set show no class')
def misread_masks(place):
    areas = np.zeros(256, int)
    areas[[0, 255]] = 10, 90
    yield misread(('background', 'cat', 'dog'), areas, False)[1]
    areas[1] = 5
    yield misread(('background', 'cat', 'dog'), areas, True)[1]
    mask = np.full((4, 4), 200, np.uint8)
    yield error_of(check_mask, mask, '/masks/0001.png', 3)


@mistake('CUDA out of memory')
def small_memory(place):
    def answer(which):
        if which.stop - which.start > 4:
            raise RuntimeError('CUDA out of memory. Tried to allocate 2.00 GiB.')
        return torch.zeros(which.stop - which.start)

    device = torch.device('cuda:0')
    with pytest.warns(UserWarning) as warned:
        parts = list(ClassBatcher()(answer, 8, device, 8, 1))
    assert len(parts) == 2
    yield str(warned[0].message)


def test_every_quote_is_provoked():
    assert list(MISTAKES) == [heading for heading in QUOTES if QUOTES[heading]]


@pytest.mark.parametrize('heading', MISTAKES)
def test_it_is_said(heading, place):
    said = MISTAKES[heading](place)
    for quote, message in zip(QUOTES[heading], said, strict=True):
        if isinstance(message, Exception):
            message = f'{type(message).__name__}: {message}'
        message = message.replace(str(place.folder), '/weights')
        # Lines are wrapped, and ... is anything.
        parts = map(re.escape, ' '.join(quote.split()).split('...'))
        assert re.search('.*'.join(parts), ' '.join(message.split()))
