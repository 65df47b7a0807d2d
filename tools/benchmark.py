"""Time a segmentor by the number of classes, beside what must be done.

For each config and number of classes K, one random picture (or --batch of
them) and K made-up names are segmented, labels wanted. Weights are random:
they change no time. In turns, so that a busy machine hurts all alike, run

- the ceiling: a large matrix product in the same dtype;
- ours;
- for ClsCLIP the naive path, in float32: for every class the whole tower and
  decoder by open_clip's and PyTorch's own modules, the names encoded at every
  forward. Beyond --naive-classes it is timed on so many and scaled: it is a
  loop over classes.

Medians are printed. The floor is the operations counted in ours at the
ceiling's speed. Memory is the peak of a process that does this alone, its
libraries and weights included, or of the device's memory.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from _random_clipseg import write_clipseg
from matplotlib.figure import Figure
from mmengine.config import Config, DictAction
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmseg.structures import SegDataSample
from prettytable import PrettyTable
from torch import Tensor, nn

import mmseg_clsclip
from mmseg_clsclip.comparison.measure import machine, peak_memory
from mmseg_clsclip.utils.complexity import count_flops
from mmseg_clsclip.utils.config_files import configs_folder
from mmseg_clsclip.utils.files import atomic_write

DTYPES = {name: getattr(torch, name) for name in ('float32', 'bfloat16', 'float16')}
SIDE = 4096  # of the matrices whose product is the ceiling


def build(
    config: str, options: dict, classes: int, dtype: str, device: str
) -> nn.Module:
    """The config's model with random weights and so many classes."""
    import mmseg.models  # noqa: F401  (a library)
    from mmseg.registry import MODELS

    init_default_scope('mmseg')
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(options)
    names = [f'thing {i}' for i in range(classes)]
    if 'text_encoder' in cfg.model:
        cfg.model.backbone.pretrained = None  # nothing to fetch
        # Templates are read once a vocabulary, and 80 of them take a while.
        cfg.model.text_encoder.update(vocabulary=names, templates='name')
        cfg.model.test_cfg.setdefault('labels_only', True)
        if cfg.model.test_cfg.get('keep_classes'):
            raise ValueError(
                'All classes are asked for here: take keep_classes out of the test_cfg.'
            )
        if dtype != 'float32':
            cfg.model.test_cfg.dtype = dtype
        return MODELS.build(cfg.model).eval().to(device)
    cfg.model.update(vocabulary=names, random_weights=True)
    with tempfile.TemporaryDirectory() as folder:
        cfg.model.folder = write_clipseg(Path(folder))
        model = MODELS.build(cfg.model).eval().to(device)
    model.predict = torch.autocast(
        device.split(':')[0], DTYPES[dtype], enabled=dtype != 'float32'
    )(model.predict)
    return model


def samples(pictures: Tensor) -> list[SegDataSample]:
    """One for every picture, at its own size."""
    size = tuple(pictures.shape[2:])
    return [
        SegDataSample(metainfo=dict(ori_shape=size, img_shape=size)) for _ in pictures
    ]


class Naive:
    """ClsCLIP class by class, each from pixels to its map.

    Args:
        model (nn.Module): A :class:`mmseg_clsclip.ClsCLIP`.
        classes (int): So many of its vocabulary at most.
    """

    def __init__(self, model: nn.Module, classes: int):
        self.model = model
        self.names = model.text_encoder.names[:classes]

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Tensor:
        """Foreground logits (N, K, H, W)."""
        clip = self.model.text_encoder.clip.module
        tokens = self.model.text_encoder.tokenizer(list(self.names))
        text = clip.encode_text(tokens.to(pictures.device), normalize=False)
        return torch.cat([self._one(pictures, token) for token in text], 1)

    def _one(self, pictures: Tensor, token: Tensor) -> Tensor:
        backbone, head = self.model.backbone, self.model.decode_head
        visual = backbone.visual.module
        height, width = pictures.shape[2:]
        grid = backbone.grid_size(height, width)
        bottom, right = backbone.padded_size(height, width)
        pictures = F.pad(pictures, (0, right - width, 0, bottom - height))
        x = visual.conv1(pictures).flatten(2).transpose(1, 2)
        cls = visual.class_embedding.expand(len(x), 1, -1)
        x = torch.cat([cls, x], 1) + backbone._position_embedding(grid)
        x = visual.ln_pre(x)
        for i, block in enumerate(visual.transformer.resblocks):
            if i in backbone.navigate_blocks:
                cls = backbone.project(i, token).expand(len(x), 1, -1)
                x = torch.cat([cls, x[:, 1:]], 1)
            x = block(x)
        x = x[:, 1:]
        for layer in head.layers:
            x = layer(x)
        x = head.norm(x).transpose(1, 2).unflatten(2, grid)
        for i, conv in enumerate(head.convs):
            x = F.relu(conv(x))
            if 2**i < head.upsample:
                x = F.interpolate(x, scale_factor=2, mode='bilinear')
        return F.interpolate(head.conv_seg(x), pictures.shape[2:], mode='bilinear')[
            ..., :height, :width
        ]


def peak_bytes(
    config: str, options: dict, classes: int, dtype: str, device: str, shape: tuple
) -> int:
    """Peak memory of a process that predicts once."""
    model = build(config, options, classes, dtype, device)
    pictures = torch.randn(shape, device=device)
    with torch.no_grad():
        model.predict(pictures, samples(pictures))
    return peak_memory(device)


def alone(function: Callable, *args) -> object:
    """Call a function in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
        return pool.submit(function, *args).result()


@torch.no_grad()
def timed(functions: dict[str, Callable], repeat: int, device: str) -> dict[str, float]:
    """Median seconds of functions that take turns, after a first turn."""
    times = {name: [] for name in functions}
    for _ in range(repeat + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            torch.ones(1, device=device).item()  # waits for the device
            times[name].append(time.perf_counter() - start)
    return {name: median(taken[1:]) for name, taken in times.items()}


@torch.no_grad()
def flops(model: nn.Module, pictures: Tensor) -> int:
    """Operations of a prediction once the names are encoded."""
    model.predict(pictures, samples(pictures))
    return count_flops(partial(model.predict, pictures, samples(pictures)))


def measure(
    config: str,
    options: dict,
    classes: int,
    dtype: str,
    device: str,
    shape: tuple,
    repeat: int,
    naive_classes: int,
) -> dict:
    """A row of the table."""
    model = build(config, options, classes, dtype, device)
    pictures = torch.randn(shape, device=device)
    predict = partial(model.predict, pictures)
    # Any number of classes is the shared part and so many times the rest;
    # once the names are encoded.
    one, two = (
        flops(build(config, options, k, 'float32', device), pictures) for k in (1, 2)
    )
    counted = one + (classes - 1) * (two - one)
    # A GPU is done with one sooner than it can be asked for.
    products = 1 if device == 'cpu' else 50
    product = torch.randn(SIDE, SIDE, dtype=DTYPES[dtype], device=device)
    result = torch.empty_like(product)

    def multiply() -> None:
        for _ in range(products):
            torch.mm(product, product, out=result)

    functions = dict(ceiling=multiply, ours=lambda: predict(samples(pictures)))
    difference = naive = None
    if isinstance(model, mmseg_clsclip.ClsCLIP):
        naive = Naive(model, naive_classes)
        # Against the background's 0; what a test step gives is labels.
        functions['naive'] = lambda: F.pad(naive(pictures), (0, 0, 0, 0, 1, 0)).argmax(
            1
        )
        with torch.no_grad():
            metas = [one.metainfo for one in samples(pictures)]
            # With a background it has a channel of its own.
            theirs = naive(pictures)
            ours = model.inference(pictures, metas)[:, model.with_background :][
                :, : len(naive.names)
            ]
            difference = (ours - theirs).abs().max().item()
    seconds = timed(functions, repeat, device)
    ceiling = 2 * SIDE**3 * products / seconds['ceiling']
    return dict(
        config=config,
        classes=classes,
        batch=shape[0],
        size=shape[2],
        dtype=dtype,
        device=str(device),
        seconds=seconds['ours'],
        flops=counted,
        ceiling_flops=ceiling,
        floor_seconds=counted / ceiling,
        naive_seconds=naive and seconds['naive'] * classes / len(naive.names),
        naive_classes=naive and len(naive.names),
        max_abs_diff_to_naive=difference,
        repeat=repeat,
        machine=machine(device),
    )


def table(rows: list[dict]) -> PrettyTable:
    """The rows for people."""
    shown = PrettyTable(
        [
            'config',
            'K',
            'TFLOP',
            'seconds',
            'pictures/s',
            'of the ceiling',
            'over the floor',
            'naive / ours',
            'peak GiB',
        ]
    )
    for row in rows:
        naive = row['naive_seconds']
        shown.add_row(
            [
                Path(row['config']).stem,
                row['classes'],
                f'{row["flops"] / 1e12:.3f}',
                f'{row["seconds"]:.3f}',
                f'{row["batch"] / row["seconds"]:.3g}',
                f'{row["floor_seconds"] / row["seconds"]:.0%}',
                f'{row["seconds"] / row["floor_seconds"]:.2f}',
                f'{naive / row["seconds"]:.2f}' if naive else '',
                f'{row["peak_memory_bytes"] / 2**30:.2f}',
            ]
        )
    return shown


def plot(rows: list[dict], path: Path) -> None:
    """Time and memory by the number of classes, a line a config."""
    figure = Figure(figsize=(9, 3.6), layout='constrained')
    axes = figure.subplots(1, 2)
    configs = dict.fromkeys(row['config'] for row in rows)
    for number, config in enumerate(configs):
        color = f'C{number}'
        own = [row for row in rows if row['config'] == config]
        classes = [row['classes'] for row in own]
        name = Path(config).stem.split('_')[0]
        axes[0].plot(
            classes, [row['seconds'] for row in own], 'o-', label=name, color=color
        )
        axes[1].plot(
            classes,
            [row['peak_memory_bytes'] / 2**30 for row in own],
            'o-',
            color=color,
        )
        if own[0]['naive_seconds']:
            axes[0].plot(
                classes,
                [row['naive_seconds'] for row in own],
                'x:',
                label=f'{name}, the naive path',
                color=color,
            )
    for axis, what in zip(axes, ('seconds a batch', 'peak memory, GiB')):
        axis.set_xscale('log')
        axis.set_xlabel('classes')
        axis.set_ylabel(what)
        axis.grid(which='both', alpha=0.3)
    axes[0].set_yscale('log')
    axes[0].legend(fontsize=7)
    first = rows[0]
    figure.suptitle(
        f'{first["size"]} x {first["size"]}, {first["dtype"]}, '
        f'{first["machine"].split(";")[0]}',
        fontsize=9,
    )
    with atomic_write(path) as file:
        figure.savefig(file, format='png', dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--config',
        nargs='+',
        default=[
            str(
                configs_folder()
                / 'clsclip'
                / 'clsclip_vit-b16_pascal-5i-480x480_fold0.py'
            )
        ],
    )
    parser.add_argument(
        '--size', type=int, default=224, help='of the square picture, in pixels'
    )
    parser.add_argument('--classes', type=int, nargs='+', default=[1, 20, 80, 171])
    parser.add_argument('--batch', type=int, default=1)
    parser.add_argument('--dtype', choices=DTYPES, default='float32')
    parser.add_argument('--device', default=get_device())
    parser.add_argument('--repeat', type=int, default=3)
    parser.add_argument('--naive-classes', type=int, default=20)
    parser.add_argument('--json', type=Path, help='where the rows go')
    parser.add_argument(
        '--plot',
        type=Path,
        metavar='FILE.png',
        help='time and memory by the number of classes',
    )
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()
    shape = (args.batch, 3, args.size, args.size)
    rows = []
    for config in args.config:
        for classes in args.classes:
            asked = (config, args.cfg_options, classes, args.dtype, args.device, shape)
            # Each in a process of its own, so that none finds another's
            # memory, or the peak of one that was larger.
            memory = alone(peak_bytes, *asked)
            row = alone(measure, *asked, args.repeat, args.naive_classes)
            rows.append(dict(row, peak_memory_bytes=memory))
            print(table(rows[-1:]), flush=True)
            if args.json:  # as far as it has come
                with atomic_write(args.json) as file:
                    file.write(json.dumps(rows, indent=1).encode())
    if args.plot:
        plot(rows, args.plot)
    first = rows[0]
    print(
        f'\n{first["machine"]}; {first["dtype"]}, {args.size} x {args.size},'
        f' batch of {args.batch}, medians of {args.repeat}; random weights'
    )
    print(table(rows))


if __name__ == '__main__':
    main()
