"""The parts of the check, the most valuable first, and their tables."""

from functools import partial

from ..timing import DTYPES
from .ceilings import measure_ceilings
from .compiling import time_compiled
from .costs import time_presence, time_training, time_zoom_in
from .evaluation import time_evaluation
from .machine import describe_device
from .part import Part, gibibytes, milliseconds, ratio, value
from .prediction import time_predictions
from .sameness import compare_with_cpu


def _predictions(dtype: str) -> Part:
    """Return the part of a dtype, which may lack operations."""
    return Part(
        f'prediction_{dtype}',
        f'A prediction in {dtype}',
        'K names of N pictures. The floor is the operations counted at the speed of '
        'the fastest ceiling in the same dtype, timed in turns; without TF32. The '
        'naive path runs the whole tower and decoder for each name, in the same dtype.',
        partial(time_predictions, dtype=dtype),
        {
            'px': value('size'),
            'K': value('classes'),
            'N': value('batch'),
            'ms': milliseconds('seconds'),
            'ms a picture': lambda row: f'{1e3 * row["seconds"] / row["batch"]:.4g}',
            'floor, ms': milliseconds('floor_seconds'),
            'of the ceiling': ratio('floor_seconds', 'seconds', '.0%'),
            'naive / ours': ratio('naive_seconds', 'seconds'),
            'largest difference to naive': value('max_abs_diff_to_naive', '.1e'),
            'peak GiB': gibibytes('peak_memory_bytes'),
        },
        weight=7,
    )


PARTS = (
    Part(
        'machine',
        'The machine',
        'Figures of others are comparable where all of this is the same.',
        describe_device,
        {'': value('what'), 'is': value('value')},
        weight=6,  # the process has to start
    ),
    Part(
        'sameness',
        'The same numbers as the CPU',
        'Logits of one model on the same noise, against the CPU in float32. '
        'float32 must be the same, or this part fails; what the others lose is '
        'relative to the norm of all logits.',
        compare_with_cpu,
        {
            'precision': value('precision'),
            'largest error': value('largest', '.1e'),
            'relative': value('relative', '.1e'),
            'same signs': value('same_signs', '.3%'),
            'finite': value('finite'),
            'standard deviation': value('std', '.1e'),
        },
        weight=4,
    ),
    Part(
        'ceilings',
        'Ceilings',
        'The fastest that is seen: a square product (`mm`), and a layer of the '
        "tower's feed-forward with its bias, by itself (`linear`) and as a "
        "`convolution`. TF32 is a GPU's; elsewhere it is float32.",
        measure_ceilings,
        {
            'precision': value('precision'),
            'product': value('product'),
            'shape': value('shape'),
            'TFLOP/s': lambda row: f'{row["flops_per_second"] / 1e12:.4g}',
        },
        weight=3,
    ),
    *(_predictions(dtype) for dtype in DTYPES),
    Part(
        'training',
        'A training step',
        'Forward and backward, the second one, without reading pictures and without '
        'the optimizer; all but float32 by autocast. Convolutions may use TF32, as '
        "is PyTorch's default.",
        time_training,
        {
            'dtype': value('dtype'),
            'N': value('batch'),
            'px': lambda row: ' x '.join(map(str, row['size'])),
            'ms': milliseconds('seconds'),
            'peak GiB': gibibytes('memory'),
            'of which the step': lambda row: (
                f'{(row["memory"] - row["memory_before"]) / 2**30:.2f}'
            ),
        },
        weight=5,
    ),
    Part(
        'evaluation',
        'An evaluation from end to end',
        'The loop of `tools/test.py` on Shapes-5i, fold 0, whose pictures are drawn '
        'when they are read; beside it the reading and the model alone, on the same '
        'batches. Here alone weights are trained: of 500 scenes mIoU is that of fold '
        '0 in the README, but for rounding.',
        time_evaluation,
        {
            'episodes': value('episodes'),
            'N': value('batch'),
            'workers': value('workers'),
            'seconds': value('seconds', '.2f'),
            'reading alone': value('reading_seconds', '.2f'),
            'model alone': value('model_seconds', '.2f'),
            'whole / model': ratio('seconds', 'model_seconds'),
            'mIoU seen': value('miou_seen', '.1f'),
            'unseen': value('miou_unseen', '.1f'),
        },
        weight=6,
    ),
    Part(
        'zoom_in',
        'Zooming in',
        'ClsCLIP+ on one picture in float32, by the number of its boxes.',
        time_zoom_in,
        {
            '': value('what'),
            'ms a picture': milliseconds('seconds'),
            'times ClsCLIP': ratio('seconds', 'plain_seconds'),
        },
        weight=4,
    ),
    Part(
        'presence',
        'A presence',
        'CLIPPresence keeps some names of K, float32. The floor is a model that is '
        "asked for these alone, and CLIP's own pass. With random weights names are a "
        'last bit apart, so labels may differ.',
        time_presence,
        {
            'K': value('classes'),
            'asked': value('asked'),
            'views': value('views'),
            'ms': milliseconds('seconds'),
            'all, ms': milliseconds('all_seconds'),
            'of all': ratio('seconds', 'all_seconds'),
            'over the floor': ratio('seconds', 'floor_seconds'),
            'same labels': value('same_labels', '.2%'),
        },
        weight=8,
    ),
    Part(
        'compiling',
        'Compiled',
        'One name of N pictures in bfloat16, by the `compile` of the test_cfg; '
        '`reduce-overhead` keeps CUDA graphs. The first prediction compiles.',
        time_compiled,
        {
            'compile': value('compile'),
            'px': value('size'),
            'N': value('batch'),
            'first, s': value('first_seconds', '.1f'),
            'ms': milliseconds('seconds'),
            'without, ms': milliseconds('plain_seconds'),
            'without / with': ratio('plain_seconds', 'seconds'),
        },
        weight=10,
    ),
)
