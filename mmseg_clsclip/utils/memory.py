"""Errors of devices, and of machines, that have no memory left."""

import torch

# By the CUDA runtime, the CPU's allocator, cuBLAS, cuDNN, and PyTorch where no way
# to do a convolution has found the memory that it wanted.
WORDS = (
    'out of memory',
    "can't allocate memory",
    'cublas_status_alloc_failed',
    'cudnn_status_alloc_failed',
    'unable to find an engine to execute this computation',
)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether a device, or the machine itself, had no memory left."""
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return True
    text = str(error).lower()
    return any(words in text for words in WORDS)
