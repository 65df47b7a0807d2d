"""Pictures are read as a viewer shows them."""

import os

import mmcv
import numpy as np
import pytest
from PIL import Image

from mmseg_clsclip.apis import image_io as pictures
from mmseg_clsclip.apis.image_io import (
    LoadedImage,
    convert_to_rgb,
    load_image,
    read_image,
)
from mmseg_clsclip.datasets.shapes_world import draw

SCENE = draw(7, 'test', 0).picture


def test_a_scene_that_a_file_backend_draws():
    picture = read_image('shapes-5i://test/0/000007.bmp')
    np.testing.assert_array_equal(picture.pixels, SCENE)
    assert picture.notes == ()


@pytest.mark.parametrize(
    'name',
    [
        'plain.png',
        'plain.bmp',
        'grey.png',
        'grey16.png',
        'bit.png',
        'palette.png',
        'opaque.png',
        'turned.jpg',
        'plain.jpg',
    ],
)
def test_as_mmseg_reads_it(tmp_path, name):
    path = tmp_path / name
    image = Image.fromarray(SCENE[:100])
    grey, options = image.convert('L'), {}
    if name == 'turned.jpg':
        options['exif'] = Image.Exif()
        options['exif'][0x0112] = 6  # a quarter to the right
    sixteen = np.asarray(grey).astype(np.uint16) * 256 + 77
    dict(
        grey=grey,
        grey16=Image.fromarray(sixteen),
        bit=grey.convert('1'),
        palette=image.convert('P'),
        opaque=image.convert('RGBA'),
    ).get(path.stem, image).save(path, **options)
    theirs = mmcv.imread(str(path), channel_order='rgb')
    ours = read_image(path)
    assert ours.pixels.shape == theirs.shape and ours.notes == ()
    if name == 'turned.jpg':
        assert ours.pixels.shape == (128, 100, 3)
    # Two decoders of JPEG may round differently.
    most = 2 if path.suffix == '.jpg' else 0
    assert abs(ours.pixels.astype(int) - theirs).max() <= most
    assert ours.pixels.flags.writeable


def test_a_picture_may_be_a_file_or_what_was_read_of_it(tmp_path):
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    image = Image.fromarray(pixels)
    image.save(tmp_path / 'a.png')
    loaded = LoadedImage(pixels, ('a note',))
    assert load_image(loaded) is loaded
    for picture in (pixels, image, tmp_path / 'a.png', str(tmp_path / 'a.png')):
        got, notes = load_image(picture)
        np.testing.assert_array_equal(got, pixels)
        assert notes == ()


def test_what_is_transparent_lies_on_white():
    for mode in ('LA', 'RGBA'):
        image = Image.fromarray(SCENE).convert(mode)
        alpha = np.full((128, 128), 255, np.uint8)
        alpha[:64] = 0
        image.putalpha(Image.fromarray(alpha))
        pixels, notes = convert_to_rgb(image)
        assert (pixels[:64] == 255).all() and 'white' in notes[0]
        np.testing.assert_array_equal(
            pixels[64:], np.asarray(image.convert('RGB'))[64:]
        )


def test_cmyk_is_shown_in_its_colours(tmp_path):
    colours = np.repeat(np.uint8([[[255, 0, 0], [0, 0, 255]]]), 16, 1)
    Image.fromarray(np.repeat(colours, 16, 0)).convert('CMYK').save(
        tmp_path / 'a.jpg', quality=95
    )
    pixels = read_image(tmp_path / 'a.jpg').pixels.astype(int)
    assert abs(pixels[:, [2, -3]] - [[255, 0, 0], [0, 0, 255]]).max() < 12


def test_the_first_frame_of_several(tmp_path):
    first = Image.fromarray(np.full((9, 9, 3), 200, np.uint8))
    first.save(
        tmp_path / 'a.gif', save_all=True, append_images=[Image.new('RGB', (9, 9))]
    )
    pixels, notes = read_image(tmp_path / 'a.gif')
    assert (pixels == 200).all() and 'the first is taken' in notes[0]


@pytest.mark.parametrize(
    'name, reason',
    [
        ('cut.jpg', 'cannot be read'),
        ('cut.png', 'cannot be read'),
        ('text.jpg', 'is no picture'),
        ('empty.png', 'is empty'),
        ('float.tif', '32 bits a pixel'),
        ('whole.tif', '32 bits a pixel'),
        ('bomb.png', 'exceeds limit'),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(tmp_path, monkeypatch, name, reason):
    path = tmp_path / name
    image = Image.fromarray(SCENE)
    if path.suffix == '.tif':
        image = image.convert('F' if name == 'float.tif' else 'I')
    image.save(path)
    whole = path.read_bytes()
    if path.stem in ('cut', 'text', 'empty'):
        path.write_bytes(
            dict(cut=whole[: len(whole) // 2], text=b'hello', empty=b'')[path.stem]
        )
    if path.stem == 'bomb':
        monkeypatch.setattr(pictures.Image, 'MAX_IMAGE_PIXELS', 8000)
    with pytest.raises(ValueError, match=f'{name}: .*{reason}') as error:
        read_image(path)
    assert '\n' not in str(error.value)


def test_a_file_that_cannot_be_opened(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match='nowhere.png'):
        read_image(tmp_path / 'nowhere.png')

    def refuse(path, formats):
        raise PermissionError(13, 'Permission denied', str(path))

    monkeypatch.setattr(pictures.Image, 'open', refuse)
    with pytest.raises(PermissionError, match='mine.png'):
        read_image(tmp_path / 'mine.png')


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / 'pipe.png')
    for path in str(tmp_path / 'pipe.png'), '/dev/zero':
        with pytest.raises(ValueError, match=f'{path}: is a pipe, a socket'):
            read_image(path)


def test_so_many_pixels_are_refused_before_they_are_decoded(tmp_path):
    path = tmp_path / 'large.png'
    Image.fromarray(SCENE).save(path)
    assert read_image(path, 128 * 128).pixels.shape == SCENE.shape
    # Only the header: what is decoded would be found to be cut.
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(
        ValueError,
        match='128 x 128 pixels, more than the 16,'
        '383 that are taken here; make it smaller',
    ):
        read_image(path, 128 * 128 - 1)


@pytest.mark.parametrize('suffix', ['png', 'webp', 'jpg'])
def test_damaged_exif_data_leave_the_pixels_as_they_lie(tmp_path, suffix):
    path = tmp_path / f'a.{suffix}'
    image = Image.fromarray(SCENE[:100])
    image.save(path, exif=b'Exif\x00\x00no TIFF file', dpi=(72, 72))
    pixels, notes = read_image(path)
    assert pixels.shape == (100, 128, 3)
    assert notes == ('its EXIF data are damaged: it is taken as it lies in the file',)


def test_pixels_that_cannot_be_decoded_are_no_damaged_exif_data(tmp_path):
    path = tmp_path / 'a.png'
    Image.fromarray(SCENE).save(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)  # in its IDAT
    path.write_bytes(data)
    with pytest.raises((OSError, ValueError)):
        read_image(path)
