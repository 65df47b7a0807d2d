"""mmseg's own tools/analysis_tools/get_flops.py, with mmengine 0.10.

mmseg 1.2 hands mmengine both the shape and the input, which mmengine refuses;
and mmengine does not know what fused attention costs.
"""

from functools import wraps
from math import prod

import mmengine.analysis
from _mmseg_tool import run
from mmengine.analysis import complexity_analysis
from mmengine.analysis.jit_handles import get_shape


def attention(inputs: list, outputs: list) -> int:
    """Multiply-adds of scaled_dot_product_attention."""
    query, key, value = map(get_shape, inputs[:3])
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


@wraps(mmengine.analysis.get_model_complexity_info)
def of_the_inputs(model, input_shape=None, inputs=None, **kwargs):
    return original(
        model, None if inputs is not None else input_shape, inputs, **kwargs
    )


if __name__ == '__main__':
    original = mmengine.analysis.get_model_complexity_info
    mmengine.analysis.get_model_complexity_info = of_the_inputs
    complexity_analysis._DEFAULT_SUPPORTED_FLOP_OPS[
        'aten::scaled_dot_product_attention'
    ] = attention
    run('analysis_tools/get_flops.py')
