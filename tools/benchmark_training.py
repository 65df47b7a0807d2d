"""Time and memory of a training step, and of an epoch by these.

Pictures of noise go forward and back through the config's model with random
weights, which change no time: as it is, with gradient checkpointing
(backbone.with_cp=True), and the plain way, by open_clip's and PyTorch's own
modules. Each runs in a process of its own, in turns; medians are printed.
Reading and augmenting pictures is left out.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import median

import torch
from benchmark import DTYPES, alone
from mmengine.config import Config, DictAction
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from prettytable import PrettyTable

from mmseg_clsclip.comparison.measure import machine, peak_memory
from mmseg_clsclip.models.backbones import clsclip_vit as backbone
from mmseg_clsclip.models.decode_heads import clsclip_head as decode_head
from mmseg_clsclip.utils.config_files import configs_folder
from mmseg_clsclip.utils.files import atomic_write

WAYS = ('as it is', 'with_cp', 'plain')


def steps(
    way: str,
    config: str,
    options: dict,
    batch: int,
    dtype: str,
    device: str,
    repeat: int,
) -> dict:
    """Seconds of so many steps after a first, and the peak of memory."""
    import mmseg.models  # noqa: F401  (a library)
    from mmseg.registry import MODELS
    from mmseg.structures import SegDataSample

    if way == 'plain':
        backbone.run_block = lambda block, x: block(x)
        decode_head.run_layer = lambda layer, x: layer(x)
    init_default_scope('mmseg')
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(options)
    cfg.model.backbone.update(pretrained=None, with_cp=way == 'with_cp')
    size = tuple(cfg.data_preprocessor.size)
    model = MODELS.build(cfg.model).train().to(device)
    names = (model.text_encoder.names * batch)[:batch]
    samples = [
        SegDataSample(
            metainfo=dict(class_name=name),
            gt_sem_seg=PixelData(data=torch.randint(0, 2, (1, *size))),
        ).to(device)
        for name in names
    ]
    pictures = torch.randn(batch, 3, *size, device=device)
    before = peak_memory(device)
    taken = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        with torch.autocast(device.split(':')[0], DTYPES[dtype], dtype != 'float32'):
            losses = model.loss(pictures, samples)
        sum(v for k, v in losses.items() if 'loss' in k).backward()
        torch.ones(1, device=device).item()  # waits for the device
        taken.append(time.perf_counter() - start)
    return dict(
        way=way,
        seconds=taken[1:],
        memory=peak_memory(device),
        memory_before=before,
        size=size,
        machine=machine(device),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--config',
        default=str(
            configs_folder() / 'clsclip' / 'clsclip_vit-b16_pascal-5i-480x480_fold0.py'
        ),
    )
    parser.add_argument('--batch', type=int, default=8)
    parser.add_argument('--dtype', choices=DTYPES, default='float32')
    parser.add_argument('--device', default=get_device())
    parser.add_argument('--repeat', type=int, default=3)
    parser.add_argument(
        '--pictures',
        type=int,
        default=10582,
        help="of an epoch; VOC's and SBD's training pictures by default",
    )
    parser.add_argument('--json', type=Path)
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()
    rounds = [
        [
            alone(
                steps,
                way,
                args.config,
                args.cfg_options,
                args.batch,
                args.dtype,
                args.device,
                1,
            )
            for way in WAYS
        ]
        for _ in range(args.repeat)
    ]
    table = PrettyTable(
        ['', 'seconds a step', 'peak GiB', 'of which the step', 'hours an epoch']
    )
    rows = []
    for runs in zip(*rounds):
        row = dict(
            runs[0],
            batch=args.batch,
            dtype=args.dtype,
            seconds=median(run['seconds'][0] for run in runs),
            memory=max(run['memory'] for run in runs),
        )
        rows.append(row)
        own = row['memory'] - row['memory_before']
        table.add_row(
            [
                row['way'],
                f'{row["seconds"]:.2f}',
                f'{row["memory"] / 2**30:.2f}',
                f'{own / 2**30:.2f}',
                f'{row["seconds"] / args.batch * args.pictures / 3600:.2f}',
            ]
        )
    print(
        f'{rows[0]["machine"]}; {args.dtype}, {rows[0]["size"]}, batch of '
        f'{args.batch}; an epoch of {args.pictures} pictures'
    )
    print(table)
    if args.json:
        with atomic_write(args.json) as file:
            file.write(json.dumps(rows, indent=1).encode())


if __name__ == '__main__':
    main()
