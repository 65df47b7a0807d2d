"""What all sources of proposals share."""

from abc import ABCMeta, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Literal

import torch
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from mmseg.structures import SegDataSample
from torch import Tensor
from torchvision.ops import batched_nms, clip_boxes_to_image

from ..utils.arguments import Count, Rule, Share
from ..utils.log import warn

Wanted = dict[str, int]
Segment = Callable[..., list[Tensor]]

# The time that suppression takes grows with their square.
MAX_FOR_NMS = 2000

SAW_TEST_CLASSES = {
    'yes': 'saw the test classes',
    'no': 'did not see the test classes',
    'oracle': 'oracle',
    'unknown': 'unknown whether it saw the test classes',
}


Seen = Literal[tuple(SAW_TEST_CLASSES)]
IoU = Annotated[Share | None, Rule('a number from 0 to 1; None keeps all')]
AtMost = Annotated[Count | None, Rule('a whole number from 1 up; None keeps all')]


class BaseProposals(BaseModule, metaclass=ABCMeta):
    """Base of all sources of boxes::

        forward(): propose() -> translate() -> clean()

    A subclass writes ``propose``. What it gives may be wrong in every way a
    file or a detector can be wrong; ``clean`` drops what no crop can be cut
    for, counts it, and says so when a count begins and at every tenfold.

    Args:
        saw_test_classes (str): Whether what proposes was trained on the
            classes that the test asks for: ``'yes'``, ``'no'``, ``'oracle'``
            for the truth itself, or ``'unknown'``.
        score_thr (float): Boxes of a lower score are dropped, on the scale
            that the scores have.
        nms_iou (float, optional): Of two boxes of a class with a larger IoU
            the lower score goes. None keeps both.
        max_per_picture (int, optional): So many boxes at most, the highest
            scores of all classes. None keeps all.
        init_cfg (dict, optional): As mmengine has it.

    Raises:
        ValueError: If an option is none of these.
    """

    # Whether boxes come with the names of a detector, so that a segmentor
    # must know its own for them to meet.
    needs_names = False

    def __init__(
        self,
        saw_test_classes: Seen = 'unknown',
        score_thr: float = 0.0,
        nms_iou: IoU = None,
        max_per_picture: AtMost = 100,
        init_cfg: dict | Sequence[dict] | None = None,
    ):
        super().__init__(init_cfg)
        self.saw_test_classes = saw_test_classes
        self.score_thr = score_thr
        self.nms_iou = nms_iou
        self.max_per_picture = max_per_picture
        self.counts: Counter[str] = Counter()

    @property
    def source(self) -> str:
        """Which source this is; a subclass may add a file or a model."""
        return type(self).__name__

    def describe(self) -> str:
        """The source and what it has seen, to stand beside every score."""
        return f'{self.source} ({SAW_TEST_CLASSES[self.saw_test_classes]})'

    def count(self, what: str, number: int) -> None:
        """Count what went wrong; warn at the first and at every tenfold."""
        if not number:
            return
        before = self.counts[what]
        self.counts[what] += number
        after = self.counts[what]
        if not before or len(str(after)) > len(str(before)):
            warn(f'{self.source}, so far: {after} {what}.')

    def report(self) -> str:
        """All that was counted, for the end of a run; empty if nothing."""
        counts = [f'{number} {what}' for what, number in self.counts.items()]
        return f'{self.source}: {"; ".join(counts)}.' if counts else ''

    def check_pictures(self, img_paths: Iterable[str]) -> None:
        """Refuse pictures that nothing can be proposed for, before a run.

        Args:
            img_paths (Iterable[str]): Of all pictures of the run.
        """

    @abstractmethod
    def propose(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        wanted: Sequence[Wanted],
        segment: Segment,
    ) -> list[InstanceData]:
        """Boxes as they come; the arguments are those of ``forward``.

        Returns:
            list[InstanceData]: ``bboxes`` (n, 4), ``scores`` (n, ) and
            ``names``, a list of n texts.
        """

    def translate(self, names: Sequence[str], wanted: Wanted) -> list[str | None]:
        """Wanted names for the source's own, None where there is none."""
        return [name if name in wanted else None for name in names]

    def forward(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        wanted: Sequence[Wanted],
        segment: Segment,
    ) -> list[InstanceData]:
        """Boxes of the wanted classes of a batch of pictures.

        Args:
            inputs (Sequence[Tensor]): Pictures (3, H, W) uint8, BGR, each of
                its own size.
            data_samples (Sequence[SegDataSample]): With their metainfo.
            wanted (Sequence[dict[str, int]]): Of each picture the names that
                it is asked for, each with its label in masks and results.
            segment (Callable): ``segment()`` gives the segmentor's own
                response to whole pictures, a list of (K, H, W) foreground
                probabilities in the order of ``wanted``;
                ``segment(proposals)`` that within boxes, 0 elsewhere.

        Returns:
            list[InstanceData]: ``bboxes`` (n, 4) float32 within the picture,
            xyxy in pixels; ``scores`` (n, ), descending; ``labels`` (n, )
            int64; ``names``, a list.
        """
        found = self.propose(inputs, data_samples, wanted, segment)
        return [
            self.clean(boxes, tuple(picture.shape[-2:]), names)
            for boxes, picture, names in zip(found, inputs, wanted)
        ]

    def clean(
        self, found: InstanceData, size: tuple[int, int], wanted: Wanted
    ) -> InstanceData:
        """The boxes of wanted classes that a crop can be cut for.

        Args:
            found (InstanceData): As ``propose`` gives it.
            size (tuple[int, int]): Height and width of the picture.
            wanted (dict[str, int]): Names and their labels.

        Returns:
            InstanceData: As ``forward`` gives it.
        """
        names = self.translate(found.names, wanted)
        labels = torch.tensor([wanted.get(n, -1) for n in names]).long()
        boxes = torch.as_tensor(found.bboxes).detach().cpu().float()
        boxes = boxes.reshape(-1, 4)
        scores = torch.as_tensor(found.scores).detach().cpu().float()
        keep = (labels >= 0) & ~(scores < self.score_thr)
        boxes, scores, labels = boxes[keep], scores[keep], labels[keep]

        keep = self._sound(boxes, scores, size)
        boxes = clip_boxes_to_image(boxes[keep], size)
        scores, labels = scores[keep], labels[keep]
        order = scores.argsort(descending=True, stable=True)
        if self.nms_iou is not None:
            self.count(
                f'boxes beyond the {MAX_FOR_NMS} highest scores of a picture, left out',
                max(0, len(order) - MAX_FOR_NMS),
            )
            order = order[:MAX_FOR_NMS]
            order = order[
                batched_nms(boxes[order], scores[order], labels[order], self.nms_iou)
            ]
        order = order[: self.max_per_picture]
        by_label = {label: name for name, label in wanted.items()}
        return InstanceData(
            bboxes=boxes[order],
            scores=scores[order],
            labels=labels[order],
            names=[by_label[label] for label in labels[order].tolist()],
        )

    def _sound(self, boxes: Tensor, scores: Tensor, size: tuple[int, int]) -> Tensor:
        """Whether boxes (n, 4) have an area in the picture; counts others."""
        height, width = size
        x1, y1, x2, y2 = boxes.unbind(1)
        keep = boxes.isfinite().all(1) & scores.isfinite()
        self.count('boxes or scores that are not finite, left out', int((~keep).sum()))
        for what, wrong in (
            ('inverted boxes, left out', (x2 < x1) | (y2 < y1)),
            ('boxes of no area, left out', (x2 == x1) | (y2 == y1)),
            (
                'boxes outside of their picture, left out',
                (x1 >= width) | (y1 >= height) | (x2 <= 0) | (y2 <= 0),
            ),
        ):
            self.count(what, int((keep & wrong).sum()))
            keep = keep & ~wrong
        return keep
