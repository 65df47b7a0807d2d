"""Text embeddings from files, and what is wrong with them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from ..clip.weights import WeightsError, check_inflated_size
from .vocabulary import read_names, read_vocabulary

# CLIP's text towers end with a layer norm and a projection, which give lengths of
# the order of 10; a thousand times that is no CLIP's. Far beyond, squares and
# products overflow, and all logits are NaN.
MAX_LENGTH = 1e4


def read_embedded_classes(
    vocabulary: dict, dim: int
) -> tuple[list[tuple[str, ...]], Tensor]:
    """Return the classes of a vocabulary of embeddings, and the latter (K, D).

    Args:
        vocabulary (dict): ``embeddings``, a file, and ``names``, see
            :class:`OpenCLIPTextEncoder`.
        dim (int): Their width D.

    Raises:
        FileNotFoundError: If a file of names or embeddings is missing.
        ValueError: If names, embeddings and width do not fit each other.
    """
    if set(vocabulary) != {'embeddings', 'names'}:
        raise ValueError(
            'A vocabulary of embeddings is dict(embeddings=FILE, names=...); '
            f'it has {sorted(map(str, vocabulary))}.'
        )
    names = vocabulary['names']
    if isinstance(names, (str, Path)):
        path = Path(names)
        if path.is_file():
            names = read_names(path)
        elif path.suffix:
            raise FileNotFoundError(f'The names of the classes, {path}, do not exist.')
    classes = read_vocabulary(names)
    embeddings = read_embeddings(
        vocabulary['embeddings'], [synonyms[0] for synonyms in classes], dim
    )
    return classes, embeddings


def read_embeddings(
    path: str | Path, names: Sequence[str] = (), dim: int | None = None
) -> Tensor:
    """Read text embeddings (K, D) float32.

    From ``.npy``, ``.pt``, ``.pth`` or ``.safetensors``. Their shape is looked
    at before their values are.

    Args:
        path (str): The file.
        names (Sequence[str]): Of the rows.
        dim (int, optional): Width D that they must have, with a row a name.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it holds anything but one matrix of finite numbers, or
            one of another shape.
    """
    if not isinstance(path, (str, Path)):
        raise ValueError(
            'embeddings is the path of a file, not a '
            f'{type(path).__name__}. Save them: '
            "np.save('embeddings.npy', array)."
        )
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'The text embeddings {path} do not exist.')
    readers = {
        # Both only map the file: no value is read yet.
        '.npy': lambda: np.load(path, mmap_mode='r', allow_pickle=False),
        '.safetensors': lambda: load_file(path),
        '.pt': lambda: torch.load(path, map_location='cpu', weights_only=True),
    }
    readers['.pth'] = readers['.pt']
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise ValueError(
            f'{path}: text embeddings are read from .npy, .pt or .safetensors.'
        )
    try:
        check_inflated_size(path, 4 * len(names) * (dim or 0))
        value = readers[suffix]()
    except WeightsError:
        raise
    except Exception as error:
        raise ValueError(
            f'{path} could not be read as text embeddings ({type(error).__name__}).'
        ) from error
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    dense = isinstance(value, np.ndarray) or (
        isinstance(value, Tensor)
        and value.layout is torch.strided
        and not value.is_nested
        and not value.is_meta
    )
    if not dense or value.ndim != 2:
        if isinstance(value, dict):
            content = f'a dict of {list(value)}'
        elif dense:
            content = f'shape {tuple(value.shape)}'
        else:
            content = f'a {type(value).__name__} that is none'
        raise ValueError(f'{path} must hold one matrix (K, D); it holds {content}.')
    if dim is not None and tuple(value.shape) != (len(names), dim):
        raise ValueError(
            f'The text embeddings are {tuple(value.shape)}; {len(names)} names and '
            f'a CLIP of width {dim} need {(len(names), dim)}.'
        )
    if isinstance(value, np.ndarray):
        kind, real = value.dtype.name, value.dtype.kind == 'f'
    else:
        kind, real = value.dtype, value.is_floating_point()
    if not real:
        raise ValueError(
            f'{path} holds {getattr(torch, str(kind), kind)}; text embeddings are '
            'floating-point numbers.'
        )
    if isinstance(value, np.ndarray):
        # torch has neither numbers in another order of bytes nor long doubles.
        with np.errstate(over='ignore'):
            value = torch.from_numpy(value.astype(np.float32))
    value = value.detach().float()
    check_finite(value, names, f'{path}, the text embeddings')
    return value


def embeddings_by_name(
    classes: Sequence[tuple[str, ...]], embeddings: Tensor, normalize: bool
) -> dict[str, Tensor]:
    """Return the embedding (D,) of every name of every class.

    Args:
        classes (Sequence): The synonyms of every class.
        embeddings (Tensor): (K, D) float32, a row a class.
        normalize (bool): Give each row the length 1.

    Raises:
        ValueError: If a row cannot be normalised, or decides nothing between
            the classes.
    """
    first_names = [names[0] for names in classes]
    if normalize:
        embeddings = normalize_embeddings(embeddings, first_names)
    check_distinct(embeddings, first_names)
    return {name: row for names, row in zip(classes, embeddings) for name in names}


def normalize_embeddings(embeddings: Tensor, names: Sequence[str]) -> Tensor:
    """Return rows (K, D) of length 1, float32.

    Raises:
        ValueError: If a row is all zeros.
    """
    # In float32 the square of a tiny or huge number is 0 or inf.
    rows = embeddings.double()
    lengths = rows.norm(dim=1, keepdim=True)
    if not lengths.all():
        row = int(lengths.argmin())
        raise ValueError(
            f'Row {row} ({names[row]!r}) of the text embeddings is all zeros, '
            'which nothing normalises.'
        )
    return (rows / lengths).float()


def check_distinct(rows: Tensor, names: Sequence[str]) -> None:
    """Refuse rows (K, D) that decide nothing between their classes.

    Args:
        rows (Tensor): As the segmentor reads them, float32.
        names (Sequence[str]): Of the rows.

    Raises:
        ValueError: If two are identical, or one is longer than any CLIP's.
    """
    lengths = rows.double().norm(dim=1)
    row = int(lengths.argmax())
    if lengths[row] > MAX_LENGTH:
        raise ValueError(
            f'Row {row} ({names[row]!a}) of the text embeddings has the length '
            f"{lengths[row]:.3g}; a CLIP's are about 10, and beyond "
            f'{MAX_LENGTH:g} a segmentor no longer calculates with them. Save '
            'them as the text tower gives them, or set normalize=True.'
        )
    seen: dict[bytes, int] = {}
    for row, values in enumerate((rows + 0.0).numpy(force=True)):  # -0 is 0
        first = seen.setdefault(values.tobytes(), row)
        if first != row:
            raise ValueError(
                f'Rows {first} ({names[first]!a}) and {row} ({names[row]!a}) of '
                'the text embeddings are identical; a pixel could not tell their '
                'classes apart. Give each its own embedding, or write both names '
                'as synonyms of one class, with one row.'
            )


def check_finite(rows: Tensor, names: Sequence[str], source: str) -> None:
    """Refuse rows (K, ...) that hold what is no number, or infinite.

    Args:
        rows (Tensor): A row a name.
        names (Sequence[str]): As far as they are known.
        source (str): Where the rows are from, for the message.

    Raises:
        ValueError: If a row does.
    """
    finite = rows.isfinite().flatten(1).all(1)
    if not finite.all():
        row = int((~finite).nonzero()[0])
        name = f' ({names[row]!a})' if row < len(names) else ''
        raise ValueError(
            f'{source}: row {row}{name} has values that are NaN, or infinite '
            f'in float32; {int((~finite).sum())} of {len(rows)} rows do. '
            'Pixels would be decided by them.'
        )
