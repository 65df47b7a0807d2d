"""What training, zooming in and a presence cost: the other benchmarks' rows."""

from collections.abc import Iterator

from mmengine.registry import init_default_scope

from ...utils.config_files import configs_folder
from ...utils.config_options import load_config
from ..precision import tf32
from ..presence import measure_presence
from ..timing import DTYPES
from ..training import time_step
from ..zoom_in import time_boxes
from .plan import Plan


def time_training(plan: Plan) -> Iterator[dict]:
    """Give time and memory of a training step, in float32 and by autocast."""
    config = str(configs_folder() / plan.config)
    for dtype in DTYPES:
        yield time_step('as it is', config, {}, plan.train_batch, dtype, plan.device)


def time_zoom_in(plan: Plan) -> Iterator[dict]:
    """Give the time of ClsCLIP+ on a picture, by boxes, beside that of ClsCLIP."""
    init_default_scope('mmseg')
    cfg = load_config(
        configs_folder() / plan.zoom_in_config,
        {'model.module.backbone.pretrained': None},
    )
    with tf32(False):
        seconds = time_boxes(cfg, plan.boxes, plan.picture, plan.repeat, plan.device)
    for what, value in seconds.items():
        yield dict(what=what, seconds=value, plain_seconds=seconds['ClsCLIP'])


def time_presence(plan: Plan) -> Iterator[dict]:
    """Give the time of a vocabulary of which a presence keeps some names."""
    for classes in plan.classes:
        if classes > plan.asked:
            with tf32(False):
                rows = measure_presence(
                    plan.workload(classes), [plan.asked], plan.repeat
                )
            yield from rows
