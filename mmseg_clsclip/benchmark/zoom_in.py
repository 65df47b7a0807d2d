"""Time of ClsCLIP+ beside that of ClsCLIP, by the number of boxes."""

from collections.abc import Sequence
from functools import partial

import torch
from mmengine.config import Config
from mmengine.structures import InstanceData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from ..proposals import BaseProposals
from ..utils.markdown import markdown_table
from ..zoom_in import ZoomIn
from .timing import time_in_turns


class FixedProposals(BaseProposals):
    """A number of boxes of the class asked for, a third of the sides long."""

    number = 0

    def propose(self, inputs, data_samples, wanted, segment):
        """Spread the boxes over each picture."""
        proposals = []
        for picture, names in zip(inputs, wanted):
            size = torch.tensor(picture.shape[:0:-1])  # width, height
            corner = torch.rand(self.number, 2) * size * 2 / 3
            proposals.append(
                InstanceData(
                    bboxes=torch.cat([corner, corner + size / 3], 1),
                    scores=torch.ones(self.number),
                    names=[next(iter(names))] * self.number,
                )
            )
        return proposals


def time_boxes(
    cfg: Config, boxes: Sequence[int], size: Sequence[int], repeat: int, device: str
) -> dict[str, float]:
    """Time a picture of noise with ClsCLIP, and with ClsCLIP+ by numbers of boxes.

    Args:
        cfg (Config): Of a ZoomIn.
        boxes (Sequence[int]): Numbers of boxes.
        size (Sequence[int]): Height and width of the picture.
        repeat (int): How often each is timed.
        device (str): Where it runs.

    Returns:
        dict[str, float]: Median seconds by name, ClsCLIP first.
    """
    torch.manual_seed(0)
    cfg.model.proposals = FixedProposals(max_per_picture=None)
    zoom_in: ZoomIn = MODELS.build(cfg.model)
    zoom_in.eval().to(device)
    picture = torch.randint(0, 256, (3, *size), dtype=torch.uint8)
    name = zoom_in.module.text_encoder.names[0]

    def data(image, **meta) -> dict:
        sample = SegDataSample(
            metainfo=dict(class_name=name, ori_shape=tuple(size), **meta)
        )
        return dict(inputs=[image], data_samples=[sample])

    resized, meta = zoom_in.batcher.resize(picture.permute(1, 2, 0).numpy())
    resized = torch.from_numpy(resized).permute(2, 0, 1)

    def zoom(number: int) -> None:
        zoom_in.proposals.number = number
        zoom_in.test_step(data(picture))

    functions = {'ClsCLIP': lambda: zoom_in.module.test_step(data(resized, **meta))}
    functions |= {
        f'ClsCLIP+, {number} boxes': partial(zoom, number) for number in boxes
    }
    return time_in_turns(functions, repeat, device).seconds


def format_times(seconds: dict[str, float]) -> str:
    """Return the times of :func:`time_boxes` as a Markdown table."""
    return markdown_table(
        ['', 'ms a picture', 'times ClsCLIP'],
        [
            [name, f'{1000 * value:.1f}', f'{value / seconds["ClsCLIP"]:.2f}']
            for name, value in seconds.items()
        ],
    )
