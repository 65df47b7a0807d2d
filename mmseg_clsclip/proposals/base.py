"""BaseProposals: the base of all sources of proposals."""

from abc import ABCMeta, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, Protocol

import torch
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from mmseg.structures import SegDataSample
from torch import Tensor
from torchvision.ops import batched_nms, clip_boxes_to_image

from ..utils.arguments import Count, Rule, Share
from ..utils.log import warn

# Of the classes that a picture is asked for, labels by name.
ClassLabels = dict[str, int]

# The time that suppression takes grows with their square.
MAX_BOXES_FOR_NMS = 2000

SAW_TEST_CLASSES = {
    'yes': 'saw the test classes',
    'no': 'did not see the test classes',
    'oracle': 'oracle',
    'unknown': 'unknown whether it saw the test classes',
}
SawTestClasses = Literal[tuple(SAW_TEST_CLASSES)]
NMSThreshold = Annotated[Share | None, Rule('a number from 0 to 1; None keeps all')]
MaxBoxes = Annotated[Count | None, Rule('a whole number from 1 up; None keeps all')]


class Segment(Protocol):
    """The segmentor's own response, for sources that begin with it."""

    def __call__(self, proposals: Sequence[InstanceData] | None = None) -> list[Tensor]:
        """Return foreground probabilities (K, H, W) of each picture.

        Args:
            proposals (Sequence[InstanceData], optional): Of each picture the
                boxes that are segmented, with 0 elsewhere. None for all of
                the picture.
        """


def reaches_power_of_ten(before: int, after: int) -> bool:
    """Return whether a growing count comes to 1, 10, 100, ... or beyond one."""
    return any(before < 10**power <= after for power in range(len(str(after))))


class BaseProposals(BaseModule, metaclass=ABCMeta):
    """Base of all sources of boxes::

        forward(): propose() -> translate() -> clean()

    A subclass writes ``propose`` and is registered in mmseg's ``MODELS``; one
    with names of its own is of :class:`DetectorProposals`. Its boxes may be
    wrong in every way a file or a detector can be wrong: ``clean`` drops what
    no crop can be cut for, counts it, and warns when a count comes to 1, 10,
    100 and so on.

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

    Attributes:
        counts (Counter[str]): How often each fault occurred so far.
    """

    # Whether boxes come with the names of a detector, so that a segmentor
    # must know its own for them to meet.
    needs_names = False

    def __init__(
        self,
        saw_test_classes: SawTestClasses = 'unknown',
        score_thr: float = 0.0,
        nms_iou: NMSThreshold = None,
        max_per_picture: MaxBoxes = 100,
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
        """Name of the source; a subclass may add a file or a model."""
        return type(self).__name__

    def describe(self) -> str:
        """Return the source and what it has seen, to stand beside scores."""
        return f'{self.source} ({SAW_TEST_CLASSES[self.saw_test_classes]})'

    def count(self, fault: str, number: int) -> None:
        """Count a fault; warn at the first and whenever it is a digit longer."""
        if not number:
            return
        before = self.counts[fault]
        self.counts[fault] += number
        if reaches_power_of_ten(before, self.counts[fault]):
            warn(f'{self.source}, so far: {self.counts[fault]} {fault}.')

    def report(self) -> str:
        """Return all counts in words, empty if there are none."""
        counts = [f'{number} {fault}' for fault, number in self.counts.items()]
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
        class_labels: Sequence[ClassLabels],
        segment: Segment,
    ) -> list[InstanceData]:
        """Return boxes as they come; the arguments are those of ``forward``.

        Returns:
            list[InstanceData]: ``bboxes`` (n, 4), ``scores`` (n, ) and
            ``names``, a list of n texts.
        """

    def translate(
        self, names: Sequence[str], class_labels: ClassLabels
    ) -> list[str | None]:
        """Return the classes of the source's own names, None for others."""
        return [name if name in class_labels else None for name in names]

    def forward(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SegDataSample],
        class_labels: Sequence[ClassLabels],
        segment: Segment,
    ) -> list[InstanceData]:
        """Return boxes of the classes that a batch of pictures is asked for.

        Args:
            inputs (Sequence[Tensor]): Pictures (3, H, W) uint8, BGR, each of
                its own size.
            data_samples (Sequence[SegDataSample]): With their metainfo.
            class_labels (Sequence[dict[str, int]]): Of each picture the K
                names that it is asked for, with their labels in masks and
                results.
            segment (Segment): Gives the segmentor's own response, in the
                order of ``class_labels``.

        Returns:
            list[InstanceData]: ``bboxes`` (n, 4) float32 within the picture,
            xyxy in pixels; ``scores`` (n, ), descending; ``labels`` (n, )
            int64; ``names``, a list.
        """
        proposals = self.propose(inputs, data_samples, class_labels, segment)
        return self.clean_batch(proposals, inputs, class_labels)

    def clean_batch(
        self,
        proposals: Sequence[InstanceData],
        inputs: Sequence[Tensor],
        class_labels: Sequence[ClassLabels],
    ) -> list[InstanceData]:
        """Clean the boxes of each picture (3, H, W), see ``clean``.

        Raises:
            ValueError: If they are not one ``InstanceData`` a picture.
        """
        if not isinstance(proposals, Sequence) or len(proposals) != len(inputs):
            raise ValueError(
                f'{self.source}: propose() returns a list of one InstanceData a '
                f'picture, here of {len(inputs)}, and not {type(proposals).__name__}'
                f'{f" of {len(proposals)}" if isinstance(proposals, Sequence) else ""}.'
            )
        return [
            self.clean(boxes, tuple(picture.shape[-2:]), labels)
            for boxes, picture, labels in zip(proposals, inputs, class_labels)
        ]

    def clean(
        self, proposals: InstanceData, size: tuple[int, int], class_labels: ClassLabels
    ) -> InstanceData:
        """Return the boxes of known classes that a crop can be cut for.

        Args:
            proposals (InstanceData): As ``propose`` gives them.
            size (tuple[int, int]): Height and width of the picture.
            class_labels (dict[str, int]): Names and their labels.

        Returns:
            InstanceData: As ``forward`` gives it.
        """
        names = self.translate(proposals.names, class_labels)
        labels = torch.tensor([class_labels.get(name, -1) for name in names]).long()
        boxes = torch.as_tensor(proposals.bboxes).detach().cpu().float()
        boxes = boxes.reshape(-1, 4)
        scores = torch.as_tensor(proposals.scores).detach().cpu().float()
        keep = (labels >= 0) & ~(scores < self.score_thr)
        boxes, scores, labels = boxes[keep], scores[keep], labels[keep]

        keep = self._find_valid(boxes, scores, size)
        boxes = clip_boxes_to_image(boxes[keep], size)
        scores, labels = scores[keep], labels[keep]
        order = scores.argsort(descending=True, stable=True)
        if self.nms_iou is not None:
            self.count(
                f'boxes beyond the {MAX_BOXES_FOR_NMS} highest scores of a picture, '
                'left out',
                max(0, len(order) - MAX_BOXES_FOR_NMS),
            )
            order = order[:MAX_BOXES_FOR_NMS]
            order = order[
                batched_nms(boxes[order], scores[order], labels[order], self.nms_iou)
            ]
        order = order[: self.max_per_picture]
        names_by_label = {label: name for name, label in class_labels.items()}
        return InstanceData(
            bboxes=boxes[order],
            scores=scores[order],
            labels=labels[order],
            names=[names_by_label[label] for label in labels[order].tolist()],
        )

    def _find_valid(
        self, boxes: Tensor, scores: Tensor, size: tuple[int, int]
    ) -> Tensor:
        """Return which boxes (n, 4) have an area in the picture; count others."""
        height, width = size
        x1, y1, x2, y2 = boxes.unbind(1)
        keep = boxes.isfinite().all(1) & scores.isfinite()
        self.count('boxes or scores that are not finite, left out', int((~keep).sum()))
        faults = {
            'inverted boxes': (x2 < x1) | (y2 < y1),
            'boxes of no area': (x2 == x1) | (y2 == y1),
            'boxes outside of their picture': (
                (x1 >= width) | (y1 >= height) | (x2 <= 0) | (y2 <= 0)
            ),
        }
        for fault, occurs in faults.items():  # (n, ) each
            self.count(f'{fault}, left out', int((keep & occurs).sum()))
            keep = keep & ~occurs
        return keep
