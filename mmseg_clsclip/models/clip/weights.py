"""Files of CLIP weights, read without running what is in them.

A TorchScript archive holds code, and torch.jit.load runs some of it: whatever
its author wrote into a ``__setstate__``. So the tensors of an archive are
taken out of its ZIP here. Only OpenAI's own files, known by their digests,
are loaded as TorchScript.
"""

import hashlib
import io
import pickle
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors.torch import load_file
from torch import Tensor

# Sizes and constants that archives have among their weights.
_NON_WEIGHTS = ('input_resolution', 'context_length', 'vocab_size', 'attn_mask')
# A pickle and code take up far more room once they are read than in a file.
_MAX_PICKLE_BYTES, _MAX_CODE_BYTES = 1 << 24, 1 << 26
_MAX_VALUES = 1 << 20
_DTYPES = dict(
    DoubleStorage=torch.float64,
    FloatStorage=torch.float32,
    HalfStorage=torch.float16,
    BFloat16Storage=torch.bfloat16,
    LongStorage=torch.int64,
    IntStorage=torch.int32,
    ShortStorage=torch.int16,
    CharStorage=torch.int8,
    ByteStorage=torch.uint8,
    BoolStorage=torch.bool,
    ComplexFloatStorage=torch.complex64,
    ComplexDoubleStorage=torch.complex128,
)
HOW_TO_CONVERT = (
    'If you trust whoever made the file, convert it once, by safetensors.torch'
    ".save_file(STATE, 'clip.safetensors'). The STATE of a JIT archive is "
    "torch.jit.load(FILE, 'cpu').state_dict(), that of another pickle "
    "torch.load(FILE, 'cpu', weights_only=False), and it runs their code."
)


class WeightsError(ValueError):
    """A file that holds no weights which can be read, and why."""


@contextmanager
def explain_unreadable(path: Path) -> Iterator[None]:
    """Explain of whatever goes wrong that the file cannot be read.

    Raises:
        WeightsError: With the file, what was expected and how to convert it.
    """
    try:
        yield
    except WeightsError:
        raise
    except Exception as error:
        raise WeightsError(
            f'{path} could not be read as CLIP weights '
            f"({type(error).__name__}). Expected: OpenAI's JIT archive, "
            "open_clip's .pt or .bin, or .safetensors. A pickle may hold "
            'nothing but tensors, since anything else can run code when it is '
            f'loaded. {HOW_TO_CONVERT}'
        ) from error


def is_safetensors(path: Path) -> bool:
    """Return whether a file is of safetensors, by its name or its content.

    It begins with the length of a header in JSON, in eight bytes.
    """
    if path.suffix.lower() == '.safetensors':
        return True
    with path.open('rb') as file:
        length, header = int.from_bytes(file.read(8), 'little'), file.read(1)
    return header == b'{' and length <= path.stat().st_size - 8


def is_jit_archive(path: Path) -> bool:
    """Return whether a file is one of TorchScript, to us or to torch."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(
            '/code/' in name or name.lower().endswith('constants.pkl')
            for name in archive.namelist()
        )


def read_code(path: Path) -> bytes:
    """Read the code of a JIT archive; nothing is run.

    Raises:
        WeightsError: If it is longer than that of any model.
    """
    with explain_unreadable(path), zipfile.ZipFile(path) as archive:
        files = [
            info
            for info in archive.infolist()
            if '/code/' in info.filename and info.filename.endswith('.py')
        ]
        _check_size(path, files, _MAX_CODE_BYTES)
        return b''.join(_read_file(archive, info) for info in files)


def read_weights(path: Path, size: int) -> dict[str, Tensor]:
    """Read the tensors of a file, by name.

    Args:
        path (Path): A JIT archive, a ``.safetensors``, or a pickle of tensors
            with or without ``state_dict`` around.
        size (int): Bytes that the model's weights take up in float32.

    Raises:
        WeightsError: If it cannot be read, or would fill the memory.
    """
    with explain_unreadable(path):
        check_inflated_size(path, size)
        if is_jit_archive(path):
            read = _read_by_torchscript if _is_openais_file(path) else _read_archive
            state = read(path)
        elif is_safetensors(path):
            state = load_file(path)
        else:
            # Not open_clip's reader, which falls back to an unsafe one.
            state = torch.load(path, map_location='cpu', weights_only=True)
            state = state.get('state_dict', state)
        if not all(isinstance(value, Tensor) for value in state.values()):
            raise TypeError('Not every value is a tensor.')
        # Training on several GPUs puts a prefix before every name.
        return {
            key.removeprefix('module.'): value
            for key, value in state.items()
            if key.rsplit('.', 1)[-1] not in _NON_WEIGHTS
        }


def check_inflated_size(path: Path, size: int) -> None:
    """Refuse an archive that would fill the memory; any other file passes.

    Args:
        path (Path): As :func:`torch.save` writes it.
        size (int): Bytes that what is expected takes up in float32.

    Raises:
        WeightsError: If it declares far more.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        files = archive.infolist()
    # Weights hardly shrink: twice is room for double precision.
    most = path.stat().st_size + 2 * size + _MAX_CODE_BYTES
    _check_size(path, files, most)
    for file in files:
        if file.filename.lower().endswith('.pkl'):
            _check_size(path, [file], _MAX_PICKLE_BYTES)


def _check_size(path: Path, files: list[zipfile.ZipInfo], most: int) -> None:
    """Refuse what would fill the memory, before it is read.

    Raises:
        WeightsError: If the files are larger than ``most`` bytes.
    """
    size = sum(file.file_size for file in files)
    if size > most:
        largest = max(files, key=lambda file: file.file_size).filename
        raise WeightsError(
            f'{path} would take up {size / 2**20:.0f} MB of memory once it is '
            f'inflated, most of it {largest}; {most / 2**20:.0f} MB are '
            f'enough for what is expected of it. {HOW_TO_CONVERT}'
        )


def _read_file(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> bytes:
    """Read one file of an archive, no more of it than it says it has."""
    if file.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile('torch writes no other compression.')
    with archive.open(file) as stream:
        content = stream.read(file.file_size)
    if len(content) != file.file_size:
        raise zipfile.BadZipFile(f'{file.filename} is cut off.')
    return content


def _is_openais_file(path: Path) -> bool:
    """Return whether a file is, byte by byte, one that OpenAI published."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        for part in iter(lambda: file.read(1 << 20), b''):
            digest.update(part)
    return digest.hexdigest() in read_openais_digests()


def read_openais_digests() -> set[str]:
    """Return the SHA-256 of OpenAI's files, which stand in their addresses."""
    urls = (
        open_clip.get_pretrained_url(name, 'openai')
        for name in open_clip.list_openai_models()
    )
    return {url.split('/')[-2] for url in urls if 'openaipublic' in url}


def _read_by_torchscript(path: Path) -> dict[str, Tensor]:
    """Read the weights of an archive whose code is known; it may run."""
    return torch.jit.load(str(path), map_location='cpu').state_dict()


class _Inert:
    """Stands for whatever a pickle makes, keeps its parts and does nothing."""

    def __init__(self, *args):
        self.args, self.state = args, None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Tensor(_Inert):
    """A tensor: where it lies, its offset, size and strides."""


# In Python: the one in C makes room for as many objects as a file claims.
class _InertUnpickler(pickle._Unpickler):
    """Reads a pickle without calling anything that it names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ('torch._utils', '_rebuild_tensor_v2'):
            return _Tensor
        # A name is enough of a storage's class.
        return name if module == 'torch' and name in _DTYPES else _Inert

    def persistent_load(self, pid: Any) -> Any:
        return pid


def _read_archive(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a JIT archive, by their places in the model."""
    with zipfile.ZipFile(path) as archive:
        root = archive.namelist()[0].split('/')[0]
        pickled = _read_file(archive, archive.getinfo(f'{root}/data.pkl'))
        tensors = _find_tensors(_InertUnpickler(io.BytesIO(pickled)).load())
        storages, state = {}, {}
        for name, tensor in tensors.items():
            (_, kind, key, *_), offset, size, strides, *_ = tensor.args
            if key not in storages:
                stored = archive.getinfo(f'{root}/data/{key}')
                storages[key] = torch.frombuffer(
                    bytearray(_read_file(archive, stored)), dtype=torch.uint8
                )
            # Refuses to reach beyond what is stored.
            state[name] = (
                storages[key].view(_DTYPES[kind]).as_strided(size, strides, offset)
            )
    return state


def _find_tensors(model: _Inert) -> dict[str, _Tensor]:
    """Return all tensors below a module, by their dotted names.

    Raises:
        ValueError: If a part keeps its values by code of its own, or there is
            no end to them.
    """
    tensors, todo, values = {}, [('', model)], 0
    while todo:
        prefix, part = todo.pop()
        if not isinstance(part.state, dict):
            raise ValueError(f'{prefix} keeps its values by code of its own.')
        values += 1 + len(part.state)
        if values > _MAX_VALUES or len(prefix) > 1000:
            raise ValueError('There is no end to its parts.')
        for name, value in part.state.items():
            match value:
                case _Tensor():
                    tensors[prefix + name] = value
                case _Inert() if value.state is not None:
                    todo.append((f'{prefix}{name}.', value))
    return tensors
