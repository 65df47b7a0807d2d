"""Masks whose values 8 bits do not hold are refused wherever they are read."""

import numpy as np
import pytest
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS, TRANSFORMS
from PIL import Image


def load(path, **kwargs):
    loader = TRANSFORMS.build(dict(type='LoadAnnotations', **kwargs))
    return loader(dict(seg_map_path=str(path), reduce_zero_label=False, seg_fields=[]))[
        'gt_seg_map'
    ]


def mask(*values, dtype):
    return np.array([[0, 1, 255], values], dtype)


@pytest.mark.parametrize(
    'suffix, array, value',
    [
        ('png', mask(1, 2, 264, dtype=np.uint16), '264'),
        ('png', mask(256, 2, 1, dtype=np.uint16), '256'),
        ('tif', mask(1, 65535, 1, dtype=np.uint16), '65535'),
        ('tif', mask(1, -2, 1, dtype=np.int32), '-2'),
        ('tif', mask(1, 2**31 - 1, 1, dtype=np.int32), r'2\.14748e\+09'),
        ('tif', mask(1, 1.5, 1, dtype=np.float32), r'1\.5'),
        ('tif', mask(1, 300, 1, dtype=np.float32), '300'),
        ('tif', mask(1, np.nan, 1, dtype=np.float32), 'nan'),
    ],
)
def test_values_that_would_become_others(suffix, array, value, tmp_path):
    path = tmp_path / f'x.{suffix}'
    Image.fromarray(array).save(path)
    with pytest.raises(
        ValueError,
        match=rf'x\.{suffix} holds the value '
        f'{value}, and mmseg keeps 8 bits',
    ):
        load(path)


@pytest.mark.parametrize(
    'suffix, array',
    [
        ('png', mask(1, 2, 254, dtype=np.uint8)),
        ('png', mask(1, 2, 254, dtype=np.uint16)),
        ('tif', mask(1, 2, 254, dtype=np.int32)),
        ('tif', mask(1, 2, -1, dtype=np.int32)),  # becomes 255
        ('tif', mask(1, 2, 254, dtype=np.float32)),
        ('png', mask(1, 1, 0, dtype=bool)),
    ],
)
def test_values_that_stay(suffix, array, tmp_path):
    path = tmp_path / f'x.{suffix}'
    Image.fromarray(array).save(path)
    assert np.array_equal(load(path), array.astype(np.uint8))


def test_palettes_colours_and_other_decoders_are_as_before(tmp_path):
    path = tmp_path / 'x.png'
    image = Image.fromarray(mask(1, 2, 3, dtype=np.uint8)).convert('P')
    image.putpalette([k % 256 for k in range(768)])
    image.save(path)
    assert load(path).tolist() == [[0, 1, 255], [1, 2, 3]]
    Image.fromarray(np.zeros((2, 3, 3), np.uint8)).save(path)
    assert load(path).shape == (2, 3, 3)
    Image.fromarray(mask(1, 2, 264, dtype=np.uint16)).save(path)
    with pytest.raises(ValueError, match='the value 264'):
        load(path, imdecode_backend='cv2')


@pytest.mark.parametrize(
    'steps',
    [
        [dict(type='LoadAnnotations')],
        [dict(type='TestTimeAug', transforms=[[dict(type='LoadAnnotations')]])],
        [dict(type='RandomChoice', transforms=[[dict(type='LoadAnnotations')]])],
    ],
)
def test_every_pipeline_has_it(steps, tmp_path):
    Image.fromarray(mask(1, 2, 264, dtype=np.uint16)).save(tmp_path / 'x.png')
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(tmp_path / 'x.jpg')
    data = DATASETS.build(
        dict(
            type=BaseSegDataset,
            data_root=str(tmp_path),
            test_mode=True,
            metainfo=dict(classes=['a', 'b']),
            pipeline=[dict(type='LoadImageFromFile'), *steps],
        )
    )
    with pytest.raises(ValueError, match=r'x\.png holds the value 264'):
        data[0]
