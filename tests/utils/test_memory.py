"""Errors by which a device or the machine says that its memory is full."""

import pytest
import torch

from mmseg_clsclip.utils.memory import is_out_of_memory


@pytest.mark.parametrize(
    'error, is_one',
    [
        (torch.cuda.OutOfMemoryError(), True),
        (RuntimeError('CUDA error: out of memory'), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you"), True),
        (RuntimeError('CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling'), True),
        (RuntimeError('cuDNN error: CUDNN_STATUS_ALLOC_FAILED'), True),
        (
            RuntimeError(
                'GET was unable to find an engine to execute this computation'
            ),
            True,
        ),
        (RuntimeError('size mismatch'), False),
    ],
)
def test_what_is_out_of_memory(error, is_one):
    assert is_out_of_memory(error) is is_one
