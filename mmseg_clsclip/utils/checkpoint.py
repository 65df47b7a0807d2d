"""Checkpoints that fit their model key by key."""

from collections.abc import Mapping

from mmengine.runner import load_checkpoint
from torch import nn

from ..models.inference.class_batches import out_of_memory
from .messages import first_few

# Of batch normalisation; no result depends on it, and old ones lack it.
UNUSED = 'num_batches_tracked'


def _count(kind: str, keys: list[str]) -> str:
    return f'{len(keys)} {kind} key{"s"[: len(keys) - 1]} ({first_few(keys, 3)})'


def misfits(module: nn.Module, state_dict: Mapping, prefix: str = '') -> list[str]:
    """What of a checkpoint does not fit a module, in words.

    A module's ``state_dict()`` is what belongs in a checkpoint: all of it has
    to be there, and nothing else but what the module holds besides.

    Args:
        module (nn.Module): To be loaded.
        state_dict (Mapping): With which, and perhaps with more.
        prefix (str): Of the module's keys in it.

    Returns:
        list[str]: Nothing if it fits.
    """
    given = {
        key[len(prefix) :]: value
        for key, value in state_dict.items()
        if key.startswith(prefix)
    }
    own = module.state_dict()
    frozen = [
        name
        for named in (module.named_parameters, module.named_buffers)
        for name, _ in named(remove_duplicate=False)
    ]
    sizes = [
        f'size mismatch for {key}: {tuple(given[key].shape)} in the '
        f'checkpoint, {tuple(value.shape)} in the model'
        for key, value in own.items()
        if value.shape != getattr(given.get(key, value), 'shape', None)
    ]
    unexpected = [key for key in given if key not in own.keys() | {*frozen}]
    missing = [key for key in own if key not in given and not key.endswith(UNUSED)]
    return sizes[:3] + [
        _count(kind, keys)
        for kind, keys in (('unexpected', unexpected), ('missing', missing))
        if keys
    ]


def load_strictly(model: nn.Module, checkpoint: str) -> dict:
    """Load a checkpoint that fits; mmengine's test loop would only warn.

    Args:
        model (nn.Module): As its config builds it.
        checkpoint (str): A file, or what else mmengine can load from.

    Returns:
        dict: The checkpoint.

    Raises:
        ValueError: If it misfits, with the first keys, or is no checkpoint.
        FileNotFoundError: If it does not exist.
    """
    try:
        return load_checkpoint(model, checkpoint, map_location='cpu', strict=True)
    except ValueError as error:  # of a model that looks for itself
        raise ValueError(f'{checkpoint}: {error}') from error
    except (ImportError, OSError):
        raise
    except RuntimeError as error:
        head, *lines = str(error).splitlines()
        if out_of_memory(error):
            raise
        if 'do not match exactly' not in head:
            raise ValueError(
                f'{checkpoint} is no whole checkpoint that torch can read ({head}).'
            ) from error
        told = []
        for line in filter(None, map(str.strip, lines)):
            what, _, keys = line.partition('state_dict: ')
            keys = keys.split(', ') if keys else []
            told.append(_count(what.split()[0], keys) if keys else line)
        raise ValueError(
            f'{checkpoint} does not fit the config: {"; ".join(told)}. Take '
            'the config that it was trained with.'
        ) from None
    except Exception as error:  # whatever unpickling meets in another file
        raise ValueError(
            f'{checkpoint} is no checkpoint that torch can read '
            f'({type(error).__name__}).'
        ) from error
