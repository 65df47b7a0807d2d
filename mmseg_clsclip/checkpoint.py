"""Checkpoints that fit their model key by key."""
from mmengine.runner import load_checkpoint
from torch import nn

from .chunks import out_of_memory
from .files import some


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
        return load_checkpoint(
            model, checkpoint, map_location='cpu', strict=True)
    except (ImportError, OSError, ValueError):
        raise
    except RuntimeError as error:
        head, *lines = str(error).splitlines()
        if out_of_memory(error):
            raise
        if 'do not match exactly' not in head:
            raise ValueError(f'{checkpoint} is no whole checkpoint that torch '
                             f'can read ({head}).') from error
        told = []
        for line in filter(None, map(str.strip, lines)):
            what, _, keys = line.partition('state_dict: ')
            keys = keys.split(', ') if keys else []
            told.append(f'{len(keys)} {what.split()[0]} keys '
                        f'({some(keys, 3)})' if keys else line)
        raise ValueError(
            f'{checkpoint} does not fit the config: {"; ".join(told)}. Take '
            'the config that it was trained with.') from None
    except Exception as error:  # whatever unpickling meets in another file
        raise ValueError(f'{checkpoint} is no checkpoint that torch can read '
                         f'({type(error).__name__}).') from error
