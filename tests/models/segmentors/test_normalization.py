"""Statistics of another scale than the pictures' are not silent."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS

from mmseg_clsclip.models.segmentors import normalization
from mmseg_clsclip.models.segmentors.normalization import NormalizationCheck
from mmseg_clsclip.utils.config_files import configs_folder

CLIP = dict(mean=[122.8, 116.7, 104.1], std=[68.5, 66.6, 70.3])
UNIT = dict(mean=[0.481, 0.458, 0.408], std=[0.269, 0.261, 0.276])
BYTES = torch.randint(0, 256, (3, 8, 8), dtype=torch.uint8)
PICTURES = {
    'bytes': BYTES,
    'black': BYTES * 0,
    'floats': BYTES.float(),
    'unit': BYTES / 255,
    'normalised': BYTES / 128 - 1,
    'dark': (BYTES % 2).float(),
    'nearly black': BYTES / 5000,
    'wide': BYTES.int() * 200,
}


@pytest.fixture
def logged(monkeypatch):
    lines = []
    monkeypatch.setattr(normalization, 'warn', lines.append)
    return lines


def look(picture, **statistics):
    preprocessor = MODELS.build(dict(type='SegDataPreProcessor', **statistics))
    preprocessor.register_forward_pre_hook(NormalizationCheck())
    preprocessor = copy.deepcopy(preprocessor)
    for _ in range(2):
        preprocessor(dict(inputs=[PICTURES[picture]]), False)


@pytest.mark.parametrize('picture', ['bytes', 'black', 'floats'])
@pytest.mark.parametrize(
    'statistics, message',
    [
        (
            UNIT,
            r'statistics of pictures from 0 to 1, .*Write '
            r'mean=\[122.655, 116.79, 104.04\] and std=\[68.595, 66.555, 70.38\]',
        ),
        (dict(mean=[0.5] * 3, std=[1.0] * 3), 'statistics of pictures from 0'),
        (dict(mean=[0.0] * 3, std=[0.5] * 3), 'statistics of pictures from 0'),
        (dict(CLIP, std=UNIT['std']), r'mean=\[122.8, .* std=\[68.595'),
    ],
)
def test_statistics_of_one(picture, statistics, message):
    with pytest.raises(ValueError, match=message):
        look(picture, **statistics)


@pytest.mark.parametrize('picture', ['bytes', 'unit', 'wide'])
@pytest.mark.parametrize(
    'statistics, message',
    [
        (dict(CLIP, mean=[float('nan')] * 3), r'mean=\[nan, .* a finite number'),
        (dict(CLIP, mean=[0, 0, float('inf')]), r'mean=\[0.0, 0.0, inf\].* finite'),
        (dict(CLIP, std=[float('inf')] * 3), r'std=\[inf, .* a finite number'),
        (dict(CLIP, std=[1, float('nan'), 1]), 'std=.* a finite number'),
        (dict(CLIP, std=[0.0] * 3), r'std=\[0.0, .* above 0. CLIP'),
        (dict(CLIP, std=[68.5, 0, 70.3]), 'std=.* above 0. CLIP'),
        (dict(CLIP, std=[-68.5] * 3), r'std=\[-68.5, .* above 0. CLIP'),
        (dict(UNIT, std=[-0.2] * 3), 'std=.* above 0. CLIP'),
    ],
)
def test_statistics_that_nothing_is_normalised_by(picture, statistics, message):
    with pytest.raises(ValueError, match=message):
        look(picture, **statistics)


@pytest.mark.parametrize('statistics', [CLIP, dict(mean=[0.0] * 3, std=[255.0] * 3)])
def test_pictures_of_one(statistics, logged):
    look('unit', **statistics)
    assert len(logged) == 1 and 'these go from 0 to 1, by which' in logged[0]


@pytest.mark.parametrize(
    'picture, statistics',
    [
        *((name, CLIP) for name in PICTURES if name != 'unit'),
        ('unit', UNIT),
        ('normalised', UNIT),
        ('unit', {}),
        ('normalised', {}),
        ('wide', UNIT),
        ('bytes', dict(mean=[0.0] * 3, std=[255.0] * 3)),
        ('bytes', dict(mean=[127.5] * 3, std=[127.5] * 3)),
        ('bytes', dict(mean=CLIP['mean'], std=[1.0] * 3)),
    ],
)
def test_what_may_be_meant(picture, statistics, logged):
    look(picture, **statistics)
    assert not logged


@pytest.mark.parametrize(
    'statistics, said',
    [
        ({}, 'no mean and std'),
        (dict(mean=[0.0] * 3, std=[1.0] * 3), 'std=[1.0'),
        (dict(mean=UNIT['mean'], std=CLIP['std']), 'mean=[0.481'),
    ],
)
def test_what_is_odd_is_said_once(statistics, said, logged):
    look('bytes', **statistics)
    assert len(logged) == 1 and said in logged[0]


@pytest.mark.parametrize('name', ['clsclip', 'film', 'dense-clip'])
def test_every_segmentor_looks(name):
    config = Config.fromfile(
        configs_folder() / f'_base_/models/{name}_shapes-clip.py'
    ).model
    config.data_preprocessor.update(UNIT)
    model = MODELS.build(config)
    with pytest.raises(ValueError, match='statistics of pictures'):
        model.data_preprocessor(dict(inputs=[BYTES]), False)


@pytest.fixture
def reads(monkeypatch):
    """Counts what a GPU would be waited for."""
    number = []
    for name in ('cpu', 'max', 'min', 'mean', 'any', 'all', '__float__', '__bool__'):
        own = getattr(torch.Tensor, name)
        monkeypatch.setattr(
            torch.Tensor,
            name,
            lambda *args, own=own, **kwargs: number.append(1) or own(*args, **kwargs),
        )
    return number


@pytest.mark.parametrize('statistics', [CLIP, dict(CLIP, std=[1.5] * 3), {}])
@pytest.mark.parametrize('picture', ['bytes', 'floats', 'normalised'])
def test_after_the_first_batches_it_costs_nothing(picture, statistics, reads, logged):
    preprocessor = MODELS.build(dict(type='SegDataPreProcessor', **statistics))
    check, data = NormalizationCheck(), dict(inputs=[PICTURES[picture]])
    for _ in range(1 if picture == 'bytes' else normalization.FLOAT_BATCHES):
        check(preprocessor, (data,))
    assert reads
    reads.clear()
    for _ in range(3):
        check(preprocessor, (data,))
    assert not reads


@pytest.mark.parametrize('picture', ['bytes', 'floats'])
@pytest.mark.parametrize('change', ['in place', 'another', 'inference'])
def test_other_statistics_are_looked_at_anew(picture, change):
    preprocessor = MODELS.build(dict(type='SegDataPreProcessor', **CLIP))
    check, data = NormalizationCheck(), dict(inputs=[PICTURES[picture]])
    for _ in range(normalization.FLOAT_BATCHES + 1):
        check(preprocessor, (data,))
    if change == 'in place':
        preprocessor.mean /= 255
        preprocessor.std /= 255
    else:
        with torch.inference_mode(change == 'inference'):
            preprocessor.std = preprocessor.std / 255
    with pytest.raises(ValueError, match='statistics of pictures from 0 to 1'):
        check(preprocessor, (data,))
