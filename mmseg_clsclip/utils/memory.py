"""Errors of devices, and of machines, that have no memory left."""

import torch


def is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether a device, or the machine itself, had no memory left."""
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return True
    text = str(error).lower()
    return 'out of memory' in text or "can't allocate memory" in text
