"""Mends mmengine 0.10's counter for mmseg's tools/analysis_tools/get_flops.py.

mmseg 1.2 hands mmengine both the shape and the input, which mmengine refuses;
and mmengine does not know what fused attention costs.
"""

from functools import wraps
from math import prod

import mmengine.analysis
from mmengine.analysis import complexity_analysis
from mmengine.analysis.jit_handles import get_shape


def count_attention(inputs: list, outputs: list) -> int:
    """Return the multiply-adds of scaled_dot_product_attention."""
    query, key, value = map(get_shape, inputs[:3])
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def mend_mmengine_flops() -> None:
    """Let mmengine count by the input alone, and count fused attention."""
    original = mmengine.analysis.get_model_complexity_info

    @wraps(original)
    def count_by_inputs(model, input_shape=None, inputs=None, **kwargs):
        shape = None if inputs is not None else input_shape
        return original(model, shape, inputs, **kwargs)

    mmengine.analysis.get_model_complexity_info = count_by_inputs
    complexity_analysis._DEFAULT_SUPPORTED_FLOP_OPS[
        'aten::scaled_dot_product_attention'
    ] = count_attention
