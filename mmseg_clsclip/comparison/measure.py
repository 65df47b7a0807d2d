"""The costs of a model: parameters, GFLOPs, seconds a picture, memory.

tools/compare.py runs it, in a process for each model. The checkpoint must fit
key by key: mmengine's test loop only warns, and scores what is left.
"""

import argparse
import copy
import json
import time
from pathlib import Path
from statistics import mean, median

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from torch import nn

import mmseg_clsclip  # noqa: F401  (what mmseg needs with mmcv-lite)
from mmseg_clsclip_cli.config_options import add_config_options

from ..evaluation.protocol import input_size
from ..utils.checkpoint import load_strictly
from ..utils.complexity import count_flops
from ..utils.config_options import load_config
from ..utils.files import atomic_write
from ..utils.machine import describe_machine, peak_memory

SAMPLES = 10  # that are timed, spread over the test set
ROUNDS = 3  # of which the first warms up
SECONDS = 60  # for all of it, about
COUNTED = 5  # of the samples, for the operations: ClsCLIP+'s boxes vary


def count_gflops(model: nn.Module, data: dict) -> float:
    """Count the operations of a test step, in 10^9; a multiply-add is one.

    Args:
        model (nn.Module): In eval mode.
        data (dict): A sample as the data set gives it.
    """
    batch = pseudo_collate([copy.deepcopy(data)])
    with torch.no_grad():
        return count_flops(lambda: model.test_step(batch)) / 2e9


@torch.no_grad()
def time_steps(model: nn.Module, samples: list[dict], device: str) -> dict:
    """Time test steps, each of one picture that is read already.

    Returns:
        dict: ``seconds``, the median; ``timed``, how many; ``cpu_share``, how
        many cores the process had meanwhile, below 1 on a busy machine.
    """

    def step(data: dict) -> tuple[float, float]:
        batch = pseudo_collate([copy.deepcopy(data)])
        start, cpu = time.perf_counter(), time.process_time()
        model.test_step(batch)
        torch.ones(1, device=device).item()  # waits for the device
        return time.perf_counter() - start, time.process_time() - cpu

    first = step(samples[0])[0]
    samples = samples[: max(1, int(SECONDS / ROUNDS / first))]
    rounds = [[step(data) for data in samples] for _ in range(ROUNDS)]
    # In the first one names are encoded, which a model may keep.
    times, cpu = zip(*sum(rounds[1:], []))
    return dict(
        seconds=median(times),
        timed=len(times),
        cpu_share=None if device != 'cpu' else sum(cpu) / sum(times),
    )


def sample_shape(data: dict) -> tuple[int, int] | None:
    """Return (H, W) of a sample as the pipeline leaves it, of the first view."""
    sample = data.get('data_samples')
    while isinstance(sample, (list, tuple)) and sample:
        sample = sample[0]
    shape = getattr(sample, 'metainfo', {}).get('img_shape')
    return shape and tuple(int(side) for side in shape[:2])


def measure(cfg: Config, checkpoint: str | None) -> dict:
    """Build a config's model as mmengine's Runner does, and measure it.

    Returns:
        dict: ``parameters``, ``trained_parameters``, ``random`` (whether its
        scores mean nothing), ``input_size`` of the samples, what
        :func:`time_steps` returns, ``gflops`` (None if it cannot be counted;
        ``gflops_error`` says why), ``memory``, ``libraries_memory`` (before
        there is a model) and ``machine``.

    Raises:
        ValueError: If the checkpoint does not fit, or is missing.
    """
    import mmseg.models  # noqa: F401  (a library)
    from mmseg.registry import DATASETS, MODELS

    device = get_device()
    libraries = peak_memory(device)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    if cfg.get('data_preprocessor'):
        cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
    model = MODELS.build(cfg.model)
    sizes = {p: p.numel() for p in model.parameters()}
    trained = sum(n for p, n in sizes.items() if p.requires_grad)
    if checkpoint:
        load_strictly(model, checkpoint)
    elif trained:
        raise ValueError(
            f'The model has {trained:,} parameters to train, so '
            'without a checkpoint they are random. Name it.'
        )
    model.eval().to(device)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    number = min(SAMPLES, len(dataset))
    samples = [dataset[i * len(dataset) // number] for i in range(number)]
    costs = dict(
        parameters=sum(sizes.values()),
        trained_parameters=trained,
        random=getattr(getattr(model, 'module', model), 'has_random_weights', False),
        input_size=input_size({sample_shape(data) for data in samples}),
        **time_steps(model, samples, device),
        memory=peak_memory(device),
        libraries_memory=libraries,
        machine=describe_machine(device),
    )
    try:
        costs['gflops'] = mean(count_gflops(model, data) for data in samples[:COUNTED])
    except Exception as error:  # whatever cannot be counted
        costs.update(gflops=None, gflops_error=str(error).split('\n')[0])
    return costs


def main() -> None:
    """Measure the model of a config and write its costs as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config')
    parser.add_argument('checkpoint', help="or 'none'")
    parser.add_argument('out', type=Path)
    add_config_options(parser)
    args = parser.parse_args()
    cfg = load_config(args.config, args.cfg_options)
    checkpoint = None if args.checkpoint == 'none' else args.checkpoint
    costs = measure(cfg, checkpoint)
    with atomic_write(args.out) as file:
        file.write(json.dumps(costs, indent=1).encode())


if __name__ == '__main__':
    main()
