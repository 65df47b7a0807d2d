"""The costs of a model: parameters, GFLOPs, seconds a picture, memory.

tools/compare.py runs it, in a process for each model. The checkpoint must fit
key by key: mmengine's test loop only warns, and scores what is left.
"""

import argparse
import copy
import time
from functools import partial
from pathlib import Path
from statistics import mean

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmengine.structures import BaseDataElement
from torch import nn

from mmseg_clsclip_cli.config_options import add_config_options

from ..evaluation.protocol import input_size
from ..models.segmentors.wrappers import has_random_weights, innermost_model
from ..utils.checkpoint import load_strictly
from ..utils.complexity import count_flops
from ..utils.config_options import load_config
from ..utils.json_files import write_json
from ..utils.keys import CLASS_NAME
from ..utils.machine import describe_machine, peak_memory
from .compared_models import BUDGET, RANDOM_WEIGHTS
from .timed_steps import ask_what_fits, report, take_step, time_steps

SAMPLES = 10  # that are timed, spread over the test set
COUNTED = 5  # of the samples, for the operations: ClsCLIP+'s boxes vary
# Of the budget: to find how many names fit, and until no step is timed.
NAMES_SHARE, TIMING_SHARE = 0.25, 0.5


def count_gflops(model: nn.Module, data: dict) -> float:
    """Count the operations of a test step, in 10^9; a multiply-add is one.

    Args:
        model (nn.Module): In eval mode.
        data (dict): A sample as the data set gives it.
    """
    batch = pseudo_collate([copy.deepcopy(data)])
    with torch.no_grad():
        return count_flops(lambda: model.test_step(batch)) / 2e9


def count_samples(model: nn.Module, samples: list[dict], end: float) -> dict:
    """Count the operations of samples, of one at least.

    Args:
        model (nn.Module): In eval mode.
        samples (list[dict]): Of the test set.
        end (float): When no more is begun, by ``time.perf_counter``.

    Returns:
        dict: ``gflops``, the mean, None if they cannot be counted;
        ``counted``, of how many samples; ``gflops_error``, why of none.
    """
    counts = []
    try:
        for data in samples:
            counts.append(count_gflops(model, data))
            report(f'operations of picture {len(counts)} of {len(samples)}')
            if time.perf_counter() >= end:
                break
    except Exception as error:  # whatever cannot be counted
        return dict(gflops=None, counted=0, gflops_error=str(error).split('\n')[0])
    return dict(gflops=mean(counts), counted=len(counts))


def metainfo_of(data: dict) -> dict:
    """Return the metainfo of a sample as the pipeline leaves it, of the first view."""
    sample = data.get('data_samples')
    while isinstance(sample, (list, tuple)) and sample:
        sample = sample[0]
    return sample.metainfo if isinstance(sample, BaseDataElement) else {}


def sample_shape(data: dict) -> tuple[int, int] | None:
    """Return (H, W) of a sample as the pipeline leaves it."""
    shape = metainfo_of(data).get('img_shape')
    return shape and tuple(int(side) for side in shape[:2])


def measure_steps(model: nn.Module, samples: list[dict], budget: float) -> dict:
    """Time a model's steps and count their operations, within a time.

    Args:
        model (nn.Module): In eval mode.
        samples (list[dict]): Of the test set.
        budget (float): Seconds, about. One step is always taken, and unless it
            took twice as long as this the operations of another are counted.

    Returns:
        dict: What :func:`ask_what_fits`, :func:`time_steps` and
        :func:`count_samples` return, ``memory``, and ``cut``, whether less was
        measured than there should be.
    """
    start, names = time.perf_counter(), {}
    report('the first step')
    step = partial(take_step, model)
    if CLASS_NAME in metainfo_of(samples[0]):  # one name each
        first = step(samples[0])
    else:
        first, names = ask_what_fits(
            innermost_model(model),
            partial(step, samples[0]),
            start + NAMES_SHARE * budget,
        )
    found = names | time_steps(step, samples, first, start + TIMING_SHARE * budget)
    # Before operations are counted, which takes more.
    found['memory'] = peak_memory(str(next(model.parameters()).device))
    to_count = samples[:COUNTED]
    too_slow = found['seconds'] > 2 * budget
    if too_slow:
        found |= dict(
            gflops=None, counted=0, gflops_error='a step takes over twice the time'
        )
    else:
        found |= count_samples(model, to_count, start + budget)
    found |= dict(
        to_count=len(to_count),
        cut=too_slow
        or found['timed'] < found['planned']
        or 0 < found['counted'] < len(to_count)
        or names.get('names') != names.get('vocabulary'),
    )
    return found


def measure(cfg: Config, checkpoint: str | None, budget: float = BUDGET) -> dict:
    """Build a config's model as mmengine's Runner does, and measure it.

    Args:
        cfg (Config): Of a test.
        checkpoint (str, optional): None for what has nothing to load;
            ``'random'`` for the weights that the model begins with.
        budget (float): Seconds for all steps, see :func:`measure_steps`.

    Returns:
        dict: ``parameters``, ``trained_parameters``, ``random`` (whether its
        scores mean nothing), ``input_size`` of the samples, what
        :func:`measure_steps` returns, ``cpu_share`` (``cores``, None on a
        GPU), ``libraries_memory`` (before there is a model) and ``machine``.

    Raises:
        ValueError: If the checkpoint does not fit, or is missing.
    """
    from mmseg.registry import DATASETS, MODELS

    device = get_device()
    libraries = peak_memory(device)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    if cfg.get('data_preprocessor'):
        cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
    report('building the model')
    model = MODELS.build(cfg.model)
    sizes = {p: p.numel() for p in model.parameters()}
    trained = sum(n for p, n in sizes.items() if p.requires_grad)
    if checkpoint == RANDOM_WEIGHTS:
        pass
    elif checkpoint:
        load_strictly(model, checkpoint)
    elif trained:
        raise ValueError(
            f'The model has {trained:,} parameters to train, so '
            'without a checkpoint they are random. Name it, or write '
            f'{RANDOM_WEIGHTS!r} in its place, for the costs alone.'
        )
    model.eval().to(device)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    number = min(SAMPLES, len(dataset))
    samples = [dataset[i * len(dataset) // number] for i in range(number)]
    steps = measure_steps(model, samples, budget)
    return dict(
        parameters=sum(sizes.values()),
        trained_parameters=trained,
        random=checkpoint == RANDOM_WEIGHTS or has_random_weights(model),
        input_size=input_size({sample_shape(data) for data in samples}),
        **steps,
        cpu_share=steps['cores'] if device == 'cpu' else None,
        libraries_memory=libraries,
        machine=describe_machine(device),
        budget=budget,
    )


def main() -> None:
    """Measure the model of a config and write its costs as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config')
    parser.add_argument('checkpoint', help=f"or 'none', or {RANDOM_WEIGHTS!r}")
    parser.add_argument('out', type=Path)
    parser.add_argument('--budget', type=float, default=BUDGET)
    add_config_options(parser)
    args = parser.parse_args()
    cfg = load_config(args.config, args.cfg_options)
    checkpoint = None if args.checkpoint == 'none' else args.checkpoint
    costs = measure(cfg, checkpoint, args.budget)
    write_json(args.out, costs)


if __name__ == '__main__':
    main()
