"""Checkpoints that fit their model key by key."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.runner import CheckpointLoader, load_state_dict
from torch import Tensor, nn
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from mmseg_clsclip_cli.messages import first_few

from .memory import is_out_of_memory

# Of batch normalisation; no result depends on it, and old ones lack it.
UNUSED = 'num_batches_tracked'


def _describe_keys(kind: str, keys: list[str]) -> str:
    return (
        f'{len(keys)} {kind} key{"s" if len(keys) > 1 else ""} ({first_few(keys, 3)})'
    )


def _shape(value: Any) -> tuple[int, ...] | None:
    """Return the shape of a tensor, None of anything else."""
    return tuple(value.shape) if isinstance(value, Tensor) else None


def _describe_flaw(value: Any) -> str:
    """Return in words why a value is no learned weight, nothing if it is one."""
    if not isinstance(value, Tensor):  # told by its size
        return ''
    if value.is_meta or value.layout is not torch.strided:
        return f'no dense tensor ({value.device}, {value.layout})'
    if not value.is_floating_point():
        return f'of type {value.dtype}, not of floating-point numbers'
    if not value.float().isfinite().all():
        return 'NaN or infinite'
    return ''


def check_weights(module: nn.Module, state_dict: Mapping, prefix: str = '') -> None:
    """Check that weights are finite floating-point numbers.

    torch casts integers and the real part of complex numbers without a word,
    and takes NaN.

    Args:
        module (nn.Module): To be loaded.
        state_dict (Mapping): Its values, and perhaps others'.
        prefix (str): Of the module's keys in it.

    Raises:
        ValueError: If a learned part has others, with the first keys.
    """
    parameters = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    flaws = {
        key: _describe_flaw(state_dict.get(prefix + key))
        for key, own in module.state_dict().items()
        # Statistics of batch normalisation, too, but no mask of -inf.
        if key in parameters
        or (_describe_flaw(own) == '' and prefix + key in state_dict)
    }
    words = [f'{key} is {flaw}' for key, flaw in flaws.items() if flaw]
    if words:
        raise ValueError(
            f'The weights of the checkpoint are damaged: {"; ".join(words[:3])}. '
            'Take one that was saved before they were.'
        )


def misfits(module: nn.Module, state_dict: Mapping, prefix: str = '') -> list[str]:
    """Return what of a checkpoint does not fit a module, in words.

    A module's ``state_dict()`` is what belongs in a checkpoint: all of it has
    to be there, and nothing else but what the module holds besides.

    Args:
        module (nn.Module): To be loaded.
        state_dict (Mapping): Its values, and perhaps others'.
        prefix (str): Of the module's keys in it.

    Returns:
        list[str]: Sizes, unexpected and missing keys; nothing if it fits.
    """
    given = {
        key[len(prefix) :]: value
        for key, value in state_dict.items()
        if key.startswith(prefix)
    }
    own = module.state_dict()
    held = {
        name
        for named in (module.named_parameters, module.named_buffers)
        for name, _ in named(remove_duplicate=False)
    }
    sizes = [
        f'size mismatch for {key}: {_shape(given[key])} in the checkpoint, '
        f'{_shape(value)} in the model'
        for key, value in own.items()
        if key in given and _shape(given[key]) != _shape(value)
    ]
    unexpected = [key for key in given if key not in own.keys() | held]
    missing = [key for key in own if key not in given and not key.endswith(UNUSED)]
    return sizes[:3] + [
        _describe_keys(kind, keys)
        for kind, keys in (('unexpected', unexpected), ('missing', missing))
        if keys
    ]


def _read_checkpoint(path: str) -> tuple[dict, dict]:
    """Return the content of a checkpoint, and the weights in it.

    Raises:
        ValueError: If torch cannot read it.
        FileNotFoundError: If it does not exist.
    """
    try:
        checkpoint = CheckpointLoader.load_checkpoint(path, map_location='cpu')
        state_dict = checkpoint.get('state_dict', checkpoint)
        consume_prefix_in_state_dict_if_present(state_dict, 'module.')
    except (ImportError, OSError):
        raise
    except RuntimeError as error:  # of torch, as of half an archive
        if is_out_of_memory(error):
            raise
        reason = str(error).partition('\n')[0]
        raise ValueError(
            f'{path} is no whole checkpoint that torch can read ({reason}).'
        ) from error
    except Exception as error:  # whatever unpickling meets in another file
        raise ValueError(
            f'{path} is no checkpoint that torch can read ({type(error).__name__}).'
        ) from error
    return checkpoint, state_dict


def read_meta(path: str) -> dict:
    """Read what a checkpoint says of itself, nothing if it does not.

    Args:
        path (str): A file, or what else mmengine can load from.

    Raises:
        ValueError: If torch cannot read it.
        FileNotFoundError: If it does not exist.
    """
    meta = _read_checkpoint(path)[0].get('meta')
    return meta if isinstance(meta, dict) else {}


def load_strictly(model: nn.Module, checkpoint: str) -> dict:
    """Load a checkpoint that fits; mmengine's test loop would only warn.

    Args:
        model (nn.Module): As its config builds it.
        checkpoint (str): A file, or what else mmengine can load from.

    Returns:
        dict: The content of the checkpoint.

    Raises:
        ValueError: If it misfits or is damaged, with the first keys, or is no
            checkpoint.
        FileNotFoundError: If it does not exist.
    """
    content, state_dict = _read_checkpoint(checkpoint)
    try:
        check_weights(model, state_dict)
        load_state_dict(model, state_dict, strict=True)
    except ValueError as error:  # of a model that looks for itself
        raise ValueError(f'{checkpoint}: {error}') from error
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        problems = misfits(model, state_dict) or [str(error)]
        raise ValueError(
            f'{checkpoint} does not fit the config: {"; ".join(problems)}. Take '
            'the config that it was trained with.'
        ) from None
    return content
