"""Text embeddings from files, and what is wrong with them."""

import json
import zipfile

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from mmseg_clsclip.models.text_encoders.embeddings import read_embeddings
from mmseg_clsclip.models.text_encoders.open_clip_text_encoder import (
    OpenCLIPTextEncoder,
)

NAMES = ['red circle', 'blue square', 'ring']
MATRIX = np.linspace(-1, 1, 48, dtype=np.float32).reshape(3, 16)


def build(clip, vocabulary=NAMES, **kwargs):
    return OpenCLIPTextEncoder(clip, vocabulary, **kwargs)


def write_embeddings(path, matrix=MATRIX):
    if path.suffix == '.npy':
        np.save(path, matrix)
        return str(path)
    tensor = torch.from_numpy(matrix)
    if path.suffix == '.safetensors':
        save_file(dict(text=tensor), path)
    else:
        torch.save(tensor, path)
    return str(path)


@pytest.mark.parametrize('file', ['a.npy', 'a.pt', 'a.pth', 'a.safetensors'])
def test_embeddings_are_taken_as_they_are(clip, forwards, tmp_path, file):
    path = write_embeddings(tmp_path / file)
    encoder = build(clip, dict(embeddings=path, names=NAMES))
    assert encoder.names == tuple(NAMES)
    assert torch.equal(encoder(), torch.from_numpy(MATRIX))
    assert torch.equal(encoder(['ring']), torch.from_numpy(MATRIX[2:]))
    assert forwards == []


def test_embeddings_in_half_precision_become_float32(tmp_path):
    path = write_embeddings(tmp_path / 'a.npy', MATRIX.astype(np.float16))
    assert read_embeddings(path).dtype == torch.float32


def test_embeddings_may_be_normalised(clip, tmp_path):
    path = write_embeddings(tmp_path / 'a.npy')
    encoder = build(clip, dict(embeddings=path, names=NAMES), normalize=True)
    torch.testing.assert_close(encoder().norm(dim=-1), torch.ones(3))


@pytest.mark.parametrize(
    'file, text',
    [
        ('names.txt', 'red circle\nblue square\nring\n'),
        ('names.txt', 'red circle\nblue square\nring'),
        ('names.txt', '\ufeffred circle \nblue square\nring'),
        ('names.txt', 'red circle\r\nblue square\r\nring\r\n\r\n'),
        ('names.json', json.dumps(NAMES)),
        ('names.json', json.dumps(['red circle', 'blue square', ['ring', 'circle']])),
    ],
)
def test_names_from_a_file(clip, tmp_path, file, text):
    embeddings = write_embeddings(tmp_path / 'a.npy')
    (tmp_path / file).write_bytes(text.encode())
    encoder = build(clip, dict(embeddings=embeddings, names=str(tmp_path / file)))
    assert encoder.names == tuple(NAMES)


def test_names_of_a_data_set_for_embeddings(clip, tmp_path):
    matrix = np.eye(20, 16, dtype=np.float32) + np.arange(20, dtype=np.float32)[:, None]
    path = write_embeddings(tmp_path / 'a.npy', matrix)
    assert len(build(clip, dict(embeddings=path, names='voc')).names) == 20


def refuses(match, clip, path, names=NAMES, error=ValueError):
    with pytest.raises(error, match=match):
        build(clip, dict(embeddings=str(path), names=names))


def test_embeddings_that_do_not_fit(clip, tmp_path):
    path = write_embeddings(tmp_path / 'a.npy')
    refuses(
        r'are \(3, 16\); 2 names and .* width 16 need \(2, 16\)', clip, path, NAMES[:2]
    )
    path = write_embeddings(tmp_path / 'b.npy', MATRIX[:, :12].copy())
    refuses(r'are \(3, 12\); 3 names and .* need \(3, 16\)', clip, path)
    path = write_embeddings(tmp_path / 'c.npy', MATRIX[0])
    refuses(r'one matrix \(K, D\); it holds shape \(16,\)', clip, path)
    torch.save(dict(a=torch.ones(1), b=torch.ones(1)), tmp_path / 'd.pt')
    refuses(r"it holds a dict of \['a', 'b'\]", clip, tmp_path / 'd.pt')


@pytest.mark.parametrize('suffix', ['.npy', '.NPY', '.safetensors', '.PT'])
def test_a_suffix_may_be_in_capitals(clip, tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    write_embeddings(tmp_path / f'b{suffix.lower()}')
    (tmp_path / f'b{suffix.lower()}').rename(path)
    assert torch.equal(read_embeddings(path), torch.from_numpy(MATRIX))


@pytest.mark.parametrize('dtype', ['>f2', '>f4', '>f8', 'longdouble', '<f8'])
def test_numbers_of_numpy_that_torch_lacks(tmp_path, dtype):
    matrix = MATRIX.astype(dtype)
    path = write_embeddings(tmp_path / 'a.npy', matrix)
    found = read_embeddings(path)
    assert found.dtype == torch.float32
    assert np.array_equal(found.numpy(), matrix.astype(np.float32))


@pytest.mark.parametrize(
    'array, kind', [(MATRIX.astype('>i4'), 'torch.int32'), (MATRIX.astype(str), 'str')]
)
def test_no_numbers_of_numpy(tmp_path, array, kind):
    np.save(tmp_path / 'a.npy', array)
    with pytest.raises(ValueError, match=f'a.npy holds {kind}.*; text embeddings'):
        read_embeddings(tmp_path / 'a.npy')


def test_an_archive_that_would_fill_the_memory_is_not_read(clip, tmp_path, monkeypatch):
    torch.save(torch.zeros(1 << 20, 32), tmp_path / 'a.pt')
    with zipfile.ZipFile(tmp_path / 'a.pt') as source:
        with zipfile.ZipFile(tmp_path / 'b.pt', 'w', zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                target.writestr(name, source.read(name))
    assert (tmp_path / 'b.pt').stat().st_size < 1 << 20
    monkeypatch.setattr(torch, 'load', None)
    refuses(r'b.pt would take up 128 MB .*; 64 MB are', clip, tmp_path / 'b.pt')


@pytest.mark.parametrize('file', ['a.npy', 'a.pt'])
def test_rows_too_many_to_copy_are_counted_first(clip, tmp_path, file):
    shape = 1 << 40, 16  # 64 TB
    path = tmp_path / file
    if file == 'a.pt':
        torch.save(torch.zeros(1).expand(shape), path)
    else:
        header = dict(descr='<f4', fortran_order=False, shape=(1 << 26, 16))
        with path.open('wb') as stream:
            np.lib.format.write_array_header_1_0(stream, header)
            stream.truncate(stream.tell() + (1 << 32))  # of no blocks
        shape = header['shape']
    refuses(rf'are \({shape[0]}, 16\); 3 names', clip, path)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize('file', ['a.npy', 'a.pt', 'a.safetensors'])
def test_embeddings_that_are_no_numbers(clip, tmp_path, file, value):
    matrix = MATRIX.astype(np.float64)
    matrix[1, 3] = value
    path = write_embeddings(tmp_path / file, matrix)
    refuses(rf"{file}.*row 1 \('blue square'\) .*NaN.*; 1 of 3 rows", clip, path)
    with pytest.raises(ValueError, match='row 1 has'):
        read_embeddings(path)


@pytest.mark.parametrize('dtype', ['int64', 'uint8', 'bool', 'complex64'])
def test_embeddings_of_other_kinds_of_numbers(clip, tmp_path, dtype):
    path = write_embeddings(tmp_path / 'a.npy', MATRIX.astype(dtype))
    refuses(f'a.npy holds torch.{dtype}; text embeddings are floating', clip, path)


def test_embeddings_of_odd_layouts_and_kinds(clip, tmp_path):
    matrix = torch.from_numpy(MATRIX)
    for wrong in (matrix.to_sparse(), matrix.to('meta')):
        torch.save(wrong, tmp_path / 'a.pt')
        refuses('it holds a Tensor that is none', clip, tmp_path / 'a.pt')
    torch.save(torch.nn.Parameter(matrix), tmp_path / 'a.pt')
    assert not read_embeddings(tmp_path / 'a.pt').requires_grad
    with pytest.raises(ValueError, match='path of a file, not a Tensor'):
        build(clip, dict(embeddings=matrix, names=NAMES))


@pytest.mark.parametrize('zero', [0.0, -0.0])
def test_identical_rows_are_refused_with_both_names(clip, tmp_path, zero):
    matrix = MATRIX.copy()
    matrix[:, 0] = 0
    matrix[2] = matrix[0]
    matrix[2, 0] = zero
    path = write_embeddings(tmp_path / 'a.npy', matrix)
    refuses(
        r"Rows 0 \('red circle'\) and 2 \('ring'\) .* are identical; .* synonyms",
        clip,
        path,
    )
    # One row for two names of a class is no doubled row.
    path = write_embeddings(tmp_path / 'b.npy', matrix[:2])
    names = [('red circle', 'ring'), 'blue square']
    found = build(clip, dict(embeddings=path, names=names))(['red circle', 'ring'])
    assert torch.equal(found[0], found[1])


def test_rows_of_one_direction_are_identical_once_normalised(clip, tmp_path):
    matrix = MATRIX * np.float32([[1], [1], [0]]) + MATRIX[:1] * np.float32(
        [[0], [0], [4]]
    )
    path = write_embeddings(tmp_path / 'a.npy', matrix)
    encoder = build(clip, dict(embeddings=path, names=NAMES))
    with pytest.raises(ValueError, match='Rows 0 .* and 2 .* are identical'):
        encoder.normalize = True
    assert torch.equal(encoder(), torch.from_numpy(matrix))


@pytest.mark.parametrize('scale', [1e5, 1e20, 1e38])
def test_rows_longer_than_any_clips(clip, tmp_path, scale):
    matrix = MATRIX.copy()
    matrix[1] *= scale
    path = write_embeddings(tmp_path / 'a.npy', matrix)
    refuses(r"Row 1 \('blue square'\) .* has the length .* normalize=T", clip, path)
    encoder = build(clip, dict(embeddings=path, names=NAMES), normalize=True)
    with pytest.raises(ValueError, match='has the length'):
        encoder.normalize = False
    matrix[1] *= 500 / scale
    path = write_embeddings(tmp_path / 'a.npy', matrix)
    build(clip, dict(embeddings=path, names=NAMES))


def test_embeddings_that_cannot_be_normalised(clip, tmp_path):
    for scale in (1e-30, 1e30):
        path = write_embeddings(tmp_path / 'a.npy', MATRIX * np.float32(scale))
        vocabulary = dict(embeddings=path, names=NAMES)
        torch.testing.assert_close(
            build(clip, vocabulary, normalize=True)().norm(dim=1), torch.ones(3)
        )
    path = write_embeddings(tmp_path / 'a.npy', MATRIX * np.float32([[1], [1], [0]]))
    encoder = build(clip, dict(embeddings=path, names=NAMES))
    assert not encoder(['ring']).any()
    with pytest.raises(ValueError, match=r"Row 2 \('ring'\).* all zeros"):
        encoder.normalize = True


@pytest.mark.parametrize('suffix', ['.npy', '.pt', '.safetensors'])
def test_embeddings_that_cannot_be_read(clip, tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    path.write_text('not embeddings')
    refuses('could not be read as text embeddings', clip, path)


class Evil:
    """Runs code if it is unpickled without care."""

    def __reduce__(self):
        return pytest.fail, ('Code in a pickle ran.',)


def test_code_in_embeddings_is_refused(clip, tmp_path):
    torch.save(Evil(), tmp_path / 'a.pt')
    refuses('could not be read', clip, tmp_path / 'a.pt')
    np.save(tmp_path / 'a.npy', np.array([Evil()]), allow_pickle=True)
    refuses('could not be read', clip, tmp_path / 'a.npy')


def test_embeddings_that_are_not_there(clip, tmp_path):
    refuses(
        'nowhere.npy do not exist',
        clip,
        tmp_path / 'nowhere.npy',
        error=FileNotFoundError,
    )
    (tmp_path / 'a.csv').touch()
    refuses('are read from .npy, .pt or', clip, tmp_path / 'a.csv')
    path = write_embeddings(tmp_path / 'a.npy')
    refuses(
        'nowhere.txt, do not exist',
        clip,
        path,
        str(tmp_path / 'nowhere.txt'),
        FileNotFoundError,
    )
    (tmp_path / 'latin.txt').write_bytes('café'.encode('latin-1'))
    refuses('latin.txt is no text in UTF-8', clip, path, str(tmp_path / 'latin.txt'))
    (tmp_path / 'broken.json').write_text('["ring",')
    refuses('broken.json is not JSON', clip, path, str(tmp_path / 'broken.json'))
    with pytest.raises(ValueError, match=r"it has \['embeddings'\]"):
        build(clip, dict(embeddings=path))


def test_normalising_embeddings_can_be_taken_back(clip, tmp_path):
    path = write_embeddings(tmp_path / 'a.npy')
    encoder = build(clip, dict(embeddings=path, names=NAMES))
    for normalize in (True, False):
        encoder.normalize = normalize
        wanted = torch.from_numpy(MATRIX)
        wanted = F.normalize(wanted, dim=1) if normalize else wanted
        torch.testing.assert_close(encoder(), wanted)
        torch.testing.assert_close(encoder(['ring']), wanted[2:])
