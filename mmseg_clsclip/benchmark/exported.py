"""An exported model beside PyTorch's: its time, its size and its errors."""

import logging
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmseg.evaluation import IoUMetric
from mmseg.registry import DATASETS
from torch import Tensor

from ..apis.export import SEGMENTOR, PicturesToLogits, export_segmentor
from ..datasets import EpisodeDataset
from ..models.inference.restoring import find_padding
from ..models.segmentors.clip_segmentor import CLIPSegmentor
from ..utils.markdown import markdown_table
from .timing import Timing, time_in_turns

PYTORCH, ONNX, INT8 = 'PyTorch', 'ONNX Runtime', 'ONNX Runtime, int8'
# ONNX Runtime's integer convolution is slow on a CPU.
QUANTIZED = 'MatMul', 'Gemm'


def write_int8(source: Path, target: Path) -> None:
    """Write an ONNX file whose matrix products have weights of 8 bits.

    What they are multiplied with is rounded to 8 bits as it comes ("dynamic").
    """
    from onnxruntime.quantization import quantize_dynamic

    # It wants files prepared by a pass of its own, which changes nothing here.
    before, _ = logging.root.manager.disable, logging.disable(logging.WARNING)
    try:
        quantize_dynamic(source, target, op_types_to_quantize=[*QUANTIZED])
    finally:
        logging.disable(before)


def load_session(path: Path):
    """Return a session of ONNX Runtime with as many threads as PyTorch."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Threads that spin while they wait would count as processor time.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    return onnxruntime.InferenceSession(
        path, options, providers=['CPUExecutionProvider']
    )


def iter_test_pictures(cfg: Config, number: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Give the first pictures of a config's test data, without any padding.

    Yields:
        tuple[Tensor, Tensor]: Picture (1, h, w, 3) uint8, RGB, and labels (H, W)
        int64.

    Raises:
        ValueError: If the test asks for one class a sample.
    """
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    if isinstance(dataset, EpisodeDataset):
        raise ValueError(
            'The test of the config asks for one class a sample. Give one that asks '
            'for all names, as configs/open_vocabulary/ has them, or no checkpoint.'
        )
    for index in range(min(number, len(dataset))):
        inputs, sample = dataset[index].values()
        left, right, top, bottom = find_padding(sample.metainfo)
        height, width = inputs.shape[1:]
        picture = inputs.flip(0)[:, top : height - bottom, left : width - right]
        yield (
            picture.permute(1, 2, 0)[None].contiguous(),
            sample.gt_sem_seg.data[0].long(),
        )


class Exported:
    """A model as PyTorch has it, as an ONNX file, and as one of 8 bits.

    Args:
        model (CLIPSegmentor): On the CPU; its vocabulary is asked for.
        folder (Path): Where the files go.
    """

    def __init__(self, model: CLIPSegmentor, folder: Path):
        export_segmentor(model, folder)
        files = {ONNX: folder / SEGMENTOR, INT8: folder / 'int8.onnx'}
        write_int8(files[ONNX], files[INT8])
        self.megabytes = {
            name: path.stat().st_size / 1e6 for name, path in files.items()
        }
        self.view = PicturesToLogits(model).eval()
        self.text = model.text_encoder()
        self.sessions = {name: load_session(path) for name, path in files.items()}

    @torch.no_grad()
    def logits(self, name: str, picture: Tensor) -> Tensor:
        """Return logits (N, K, h, w) of pictures (N, h, w, 3) uint8, RGB."""
        if name == PYTORCH:
            return self.view(picture, self.text)
        inputs = dict(picture=picture.numpy(), text=self.text.numpy())
        return torch.from_numpy(self.sessions[name].run(None, inputs)[0])

    def time(self, picture: Tensor, repeat: int) -> Timing:
        """Time the three, which take turns."""
        return time_in_turns(
            {
                name: lambda name=name: self.logits(name, picture)
                for name in (PYTORCH, ONNX, INT8)
            },
            repeat,
            'cpu',
        )

    def compare(self, pictures: Iterable[tuple[Tensor, Tensor | None]]) -> list[dict]:
        """Return how far each is from PyTorch, and from the truth.

        Args:
            pictures (Iterable): As :func:`iter_test_pictures` gives them; without
                labels logits alone are compared.

        Returns:
            list[dict]: ``name``, and of the logits at the size of the pictures
            ``most`` and ``mean``, by which they differ; of the labels at the size
            of the truth ``differing``, a share, and ``miou``, per cent. NaN
            without labels.
        """
        rows = {name: Differences() for name in (PYTORCH, ONNX, INT8)}
        for picture, truth in pictures:
            wanted = self.logits(PYTORCH, picture)
            for name, row in rows.items():
                row.add(self.logits(name, picture), wanted, truth)
        return [dict(name=name, **row.summary()) for name, row in rows.items()]


class Differences:
    """Sums over pictures of how far one model is from another, and the truth."""

    def __init__(self):
        self.most = 0.0
        self.means: list[float] = []
        self.differing: list[float] = []
        self.areas: np.ndarray | int = 0  # (4, K) of IoUMetric

    def add(self, found: Tensor, wanted: Tensor, truth: Tensor | None) -> None:
        """Add logits (1, K, h, w) of a picture, and its labels (H, W)."""
        off = (found - wanted).abs()
        self.most = float(np.max([self.most, off.max()]))  # NaN stays
        self.means.append(off.mean().item())
        if truth is None:
            return
        labels, others = (
            F.interpolate(one, truth.shape, mode='bilinear').argmax(1)[0]
            for one in (found, wanted)
        )
        self.differing.append((labels != others).float().mean().item())
        self.areas = self.areas + np.stack(
            IoUMetric.intersect_and_union(labels, truth, found.shape[1], 255)
        )

    def summary(self) -> dict:
        """Return what :meth:`Exported.compare` returns of one."""
        labels = dict(differing=math.nan, miou=math.nan)
        if self.differing:
            intersection, union = self.areas[:2]
            labels = dict(
                differing=float(np.mean(self.differing)),
                miou=100 * float(np.mean((intersection / union)[union > 0])),
            )
        return dict(most=self.most, mean=float(np.mean(self.means)), **labels)


def format_rows(exported: Exported, timing: Timing, rows: list[dict]) -> str:
    """Return a Markdown table of what was measured."""
    heads = [
        '',
        'MB',
        'seconds',
        'speed',
        'logits off by, at most',
        'on average',
        'labels that differ',
        'mIoU',
    ]
    cells = []
    for row in rows:
        name = row['name']
        seconds, size = timing.seconds[name], exported.megabytes.get(name)
        cells.append(
            [
                name,
                '' if size is None else f'{size:.0f}',
                f'{seconds:.3g}',
                f'{timing.seconds[PYTORCH] / seconds:.2f}',
                f'{row["most"]:.1e}',
                f'{row["mean"]:.1e}',
            ]
        )
        if not math.isnan(row['miou']):
            cells[-1] += [f'{row["differing"]:.2%}', f'{row["miou"]:.1f}']
    return markdown_table(heads, cells)
