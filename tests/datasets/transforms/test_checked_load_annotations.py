"""Masks whose values 8 bits do not hold are refused where our models read them."""

import struct
import zlib

import numpy as np
import pytest
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import DATASETS, TRANSFORMS
from PIL import EpsImagePlugin, Image

from mmseg_clsclip.dataset_check.read_pair import read_pair
from mmseg_clsclip.datasets import replace_mask_loaders


def load(path, kind='CheckedLoadAnnotations', **kwargs):
    loader = TRANSFORMS.build(dict(type=kind, **kwargs))
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


def packed(labels, bits):
    """A PNG of labels (H, W), so many bits each, as Pillow writes none."""

    def chunk(kind, data):
        checked = kind + data
        return (
            struct.pack('>I', len(data))
            + checked
            + struct.pack('>I', zlib.crc32(checked))
        )

    planes = np.unpackbits(labels[..., None], axis=-1)[..., -bits:]  # (H, W, bits)
    rows = np.packbits(planes.reshape(len(labels), -1), axis=-1)
    lines = b''.join(b'\0' + row.tobytes() for row in rows)
    header = struct.pack('>IIBBBBB', *labels.shape[::-1], bits, 0, 0, 0, 0)
    return b''.join(
        [
            b'\x89PNG\r\n\x1a\n',
            chunk(b'IHDR', header),
            chunk(b'IDAT', zlib.compress(lines)),
            chunk(b'IEND', b''),
        ]
    )


@pytest.mark.parametrize('bits, factor', [(2, 85), (4, 17)])
def test_labels_that_decoders_stretch(bits, factor, tmp_path):
    path, labels = tmp_path / 'x.png', np.arange(16, dtype=np.uint8).reshape(2, 8)
    labels %= 2**bits
    path.write_bytes(packed(labels, bits))
    assert (load(path, 'LoadAnnotations') == labels * factor).all()
    with pytest.raises(ValueError, match=rf'x\.png: it has {bits} bits .* by {factor}'):
        load(path)
    assert read_pair(dict(img_path='', seg_map_path=str(path)), 256).problems[1] == (
        'unreadable',
        f'{path} (it has {bits} bits a pixel and no palette, so that decoders multiply '
        f'each label by {factor}: save it with 8 bits)',
    )
    for own in (8, 1):
        path.write_bytes(packed(labels & 1, own))
        assert (load(path) == labels & 1).all()


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


STEPS = [
    [dict(type='LoadAnnotations')],
    [dict(type='CheckedLoadAnnotations')],
    [dict(type='TestTimeAug', transforms=[[dict(type='LoadAnnotations')]])],
    [dict(type='RandomChoice', transforms=[[dict(type='LoadAnnotations')]])],
    [dict(type='RandomApply', prob=1, transforms=[dict(type='LoadAnnotations')])],
]


@pytest.fixture
def wide(tmp_path):
    """Config of a data set with one mask of 16 bits."""
    Image.fromarray(mask(1, 2, 264, dtype=np.uint16)).save(tmp_path / 'x.png')
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(tmp_path / 'x.jpg')
    return dict(
        type=BaseSegDataset,
        data_root=str(tmp_path),
        test_mode=True,
        metainfo=dict(classes=['a', 'b']),
        pipeline=[dict(type='LoadImageFromFile')],
    )


@pytest.mark.parametrize('steps', STEPS)
def test_every_pipeline_can_have_it(steps, wide, tmp_path):
    wide['pipeline'] += steps
    data = DATASETS.build(
        dict(type='ConcatDataset', datasets=[DATASETS.build(wide)], lazy_init=True)
    )
    for _ in range(2):  # before each validation
        replace_mask_loaders(data)
    with pytest.raises(ValueError, match=r'x\.png holds the value 264'):
        data[0]
    # As of photographs that are stored turned.
    Image.fromarray(mask(1, 0, 1, dtype=np.uint8).T).save(tmp_path / 'x.png')
    with pytest.raises(ValueError, match=r'x\.png is 2 x 3 pixels, its picture .*jpg'):
        data[0]


@pytest.mark.parametrize('steps', STEPS)
def test_every_pipeline_of_episodes_has_it(steps, wide, tmp_path):
    Image.fromarray(mask(1, 0, 1, dtype=np.uint8)).save(tmp_path / 'x.png')
    pipeline = [*wide.pop('pipeline'), *steps]
    data = DATASETS.build(dict(type='EpisodeDataset', dataset=wide, pipeline=pipeline))
    Image.fromarray(mask(1, 2, 264, dtype=np.uint16)).save(tmp_path / 'x.png')
    with pytest.raises(RuntimeError, match=r'x\.png holds the value 264'):
        data[0]
    Image.fromarray(mask(1, 0, 1, dtype=np.uint8).T).save(tmp_path / 'x.png')
    with pytest.raises(RuntimeError, match=r'x\.png is 2 x 3 pixels, its picture'):
        data[0]


def test_a_loader_keeps_what_it_is_set_to(wide):
    wide['pipeline'].append(dict(type='LoadAnnotations', imdecode_backend='cv2'))
    data = DATASETS.build(wide)
    plain = data.pipeline.transforms[1]
    replace_mask_loaders(data)
    checked = data.pipeline.transforms[1]
    assert type(plain) is LoadAnnotations and vars(plain) == vars(checked)
    assert checked.imdecode_backend == 'cv2'


def test_without_a_masks_path_nothing_is_read():
    loader = TRANSFORMS.build(dict(type='CheckedLoadAnnotations'))
    assert loader(dict(img_path='x.jpg')) == dict(img_path='x.jpg')


def test_others_loaders_are_left_alone(wide, tmp_path):
    class Own(LoadAnnotations):
        pass

    wide['pipeline'].append(Own())
    data = DATASETS.build(wide)
    replace_mask_loaders(data)
    assert data[0]['gt_seg_map'].tolist() == [[0, 1, 255], [1, 2, 8]]
    # mmseg's own means what it means without this package.
    Image.fromarray(mask(1, 2, 65535, dtype=np.uint16)).save(tmp_path / 'x.png')
    assert TRANSFORMS.get('LoadAnnotations') is LoadAnnotations
    assert load(tmp_path / 'x.png', 'LoadAnnotations').tolist()[1] == [1, 2, 255]


@pytest.mark.parametrize(
    'content', [b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 2 2\n', b'no mask', b'']
)
def test_no_other_program_is_started(content, tmp_path, monkeypatch):
    def start(*args):
        raise AssertionError('Ghostscript')

    monkeypatch.setattr(EpsImagePlugin, 'Ghostscript', start)
    (tmp_path / 'mask.png').write_bytes(content)
    for backend, message in (
        ('pillow', 'it is broken, or none of BMP, .*; save masks as PNG'),
        ('cv2', 'cv2 does not know its format'),
    ):
        if content or backend == 'pillow':
            with pytest.raises(OSError, match=rf'mask\.png cannot be read: {message}'):
                load(tmp_path / 'mask.png', imdecode_backend=backend)


def test_a_missing_mask_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / 'mask.png')
