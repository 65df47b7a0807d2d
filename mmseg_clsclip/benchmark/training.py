"""Time and memory of a training step, and of an epoch by these."""

from collections.abc import Callable, Sequence
from statistics import median

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor

from ..models.backbones import clip_vit
from ..models.decode_heads import clsclip_head
from ..utils.config_options import load_config
from ..utils.machine import describe_machine, peak_memory, reset_peak_memory
from ..utils.markdown import markdown_table
from .timing import DTYPES, run_alone, time_once

WAYS = ('as it is', 'with_cp', 'plain')


def noise_loss(cfg: Config, batch: int, device: str = 'cpu') -> Callable[[], Tensor]:
    """Build a model with random weights, and return its loss on noise.

    Args:
        cfg (Config): Of a training, whose crop is the noise's size.
        batch (int): Pictures.
        device (str): Where it is computed.
    """
    init_default_scope('mmseg')
    cfg.model.backbone.pretrained = None
    size = tuple(cfg.data_preprocessor.size)
    model = MODELS.build(cfg.model).train().to(device)
    samples = [
        SegDataSample(
            metainfo=dict(class_name=name),
            gt_sem_seg=PixelData(data=torch.randint(0, 2, (1, *size))),
        ).to(device)
        for name in (model.text_encoder.names * batch)[:batch]
    ]
    pictures = torch.randn(batch, 3, *size, device=device)

    def loss() -> Tensor:
        losses = model.loss(pictures, samples)
        return sum(v for k, v in losses.items() if 'loss' in k)

    return loss


def time_step(
    way: str, config: str, options: dict, batch: int, dtype: str, device: str
) -> dict:
    """Time a training step after a first one, on noise.

    Args:
        way (str): Of ``WAYS``: the config as it is, with gradient checkpointing, or
            by open_clip's and PyTorch's own modules. The last is for a process of
            its own, of which it changes modules.
        config (str): Path of the config.
        options (dict): Values that take the place of the config's.
        batch (int): Pictures of a step.
        dtype (str): A key of ``DTYPES``.
        device (str): Where it runs.
    """
    if way == 'plain':
        clip_vit.run_block = lambda block, x: block(x)
        clsclip_head.run_layer = lambda layer, x: layer(x)
    cfg = load_config(config, options)
    cfg.model.backbone.with_cp = way == 'with_cp'
    loss = noise_loss(cfg, batch, device)

    def step() -> None:
        with torch.autocast(device.split(':')[0], DTYPES[dtype], dtype != 'float32'):
            total = loss()
        total.backward()

    reset_peak_memory(device)
    memory_before = peak_memory(device)
    _, seconds = (time_once(step, device) for _ in range(2))
    return dict(
        way=way,
        seconds=seconds,
        memory=peak_memory(device),
        memory_before=memory_before,
        size=tuple(cfg.data_preprocessor.size),
        machine=describe_machine(device),
        batch=batch,
        dtype=dtype,
    )


def time_ways(repeat: int, *setting) -> list[dict]:
    """Time every way in turns, each in a process of its own.

    Args:
        repeat (int): How often.
        *setting: See :func:`time_step`, from ``config`` on.

    Returns:
        list[dict]: A row for each of ``WAYS``, with the median of the seconds and
        the largest of the peaks.
    """
    rounds = [
        [run_alone(time_step, way, *setting) for way in WAYS] for _ in range(repeat)
    ]
    return [
        dict(
            runs[0],
            seconds=median(run['seconds'] for run in runs),
            memory=max(run['memory'] for run in runs),
        )
        for runs in zip(*rounds)
    ]


def format_rows(rows: Sequence[dict], pictures: int) -> str:
    """Return the rows as a Markdown table.

    Args:
        rows (Sequence[dict]): See :func:`time_ways`.
        pictures (int): Of an epoch.
    """
    heads = ['', 'seconds a step', 'peak GiB', 'of which the step', 'hours an epoch']
    return markdown_table(
        heads,
        [
            [
                row['way'],
                f'{row["seconds"]:.2f}',
                f'{row["memory"] / 2**30:.2f}',
                f'{(row["memory"] - row["memory_before"]) / 2**30:.2f}',
                f'{row["seconds"] / row["batch"] * pictures / 3600:.2f}',
            ]
            for row in rows
        ],
    )
