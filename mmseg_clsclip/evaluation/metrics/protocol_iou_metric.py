"""ProtocolIoUMetric: mmseg's IoUMetric, whose results say what they are of."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from mmengine.logging import MMLogger, print_log
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS
from torch import Tensor

from ...utils.keys import PRESENCE, PROTOCOL
from ..protocol import SampleTraits, describe_protocol, protocol_line, sample_traits
from .compared_pixels import check_labels, check_sizes, find_counted
from .episode_iou_metric import EpisodeIoUMetric
from .error_shares_metric import ErrorSharesMetric
from .iou import iou_in_percent, mean_of_numbers, none_for_nan

Areas = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class LabelledPicture:
    """What is kept of a picture, to travel between processes.

    Attributes:
        areas (tuple): mmseg's four areas (K,), on the CPU.
        traits (SampleTraits): How it was asked.
        names_asked (int, optional): How many names masks were asked of, if the
            model says so, of one view.
    """

    areas: Areas
    traits: SampleTraits
    names_asked: int | None = None


def count_names_asked(sample: dict) -> int | None:
    """Return how many names masks were asked of, None if the sample does not say."""
    presence = sample.get(PRESENCE)
    return None if presence is None else int(presence['asked'].sum())


@METRICS.register_module()
class ProtocolIoUMetric(IoUMetric):
    """mmseg's ``IoUMetric``, whose results say what they are of.

    Its figures and its table are mmseg's, but that 255 never counts. Added are
    ``per_class``, the IoU of every class by its name in per cent, None where neither
    the truth nor the prediction has a pixel, and ``protocol``, see
    :func:`describe_protocol`. Where a model says of which names it asked for masks
    (its ``presence``), ``names_asked`` is their mean number in a picture.
    """

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Count the pixels of a batch, one entry of ``results`` a sample.

        Args:
            data_batch (dict): See :func:`sample_traits`.
            data_samples (Sequence[dict]): With a prediction and a truth of
                shape (1, H, W). Of ``presence``, if there is one, ``asked``
                (K,) is read.

        Raises:
            ValueError: If a true label is none of the classes, nor ignored, which
                mmseg would count as no class; or the truth is of another size.
        """
        for sample in () if self.format_only else data_samples:
            check_sizes(sample)
            truth = sample['gt_sem_seg']['data']
            number = len(self.dataset_meta['classes'])
            counted = find_counted(truth, self.ignore_index, number)
            check_labels(sample, 'truth', truth[counted], number)
        start = len(self.results)
        super().process(data_batch, data_samples)
        # With format_only there is no truth and mmseg adds nothing.
        self.results[start:] = [
            LabelledPicture(
                areas,
                traits := sample_traits(data_batch, index, sample),
                # A merged sample knows what its last view was asked.
                count_names_asked(sample) if len(traits.view_sizes) == 1 else None,
            )
            for index, (areas, sample) in enumerate(
                zip(self.results[start:], data_samples)
            )
        ]

    @staticmethod
    def intersect_and_union(
        pred_label: Tensor, label: Tensor, num_classes: int, ignore_index: int
    ) -> Areas:
        """Count mmseg's four areas, which has them of floats, in a tenth of the time.

        Args:
            pred_label (Tensor): Predicted labels (H, W).
            label (Tensor): True ones.
            num_classes (int): K. Other labels are none of them.
            ignore_index (int): Truth that does not count; nor does 255, which mmseg
                counts beside another.

        Returns:
            tuple[Tensor, ...]: Intersection, union, prediction and truth (K,), int64
            on the CPU.
        """
        none = pred_label.new_tensor(num_classes, dtype=torch.long)
        valid = find_counted(label, ignore_index, num_classes)
        pred, truth = (
            torch.where(valid & (x >= 0) & (x < num_classes), x.long(), none).flatten()
            for x in (pred_label, label)
        )
        same = torch.where(pred == truth, truth, none)
        intersection, predicted, true = (
            x.bincount(minlength=num_classes + 1)[:num_classes].cpu()
            for x in (same, pred, truth)
        )
        return intersection, predicted + true - intersection, predicted, true

    @staticmethod
    def sums(results: Sequence[LabelledPicture]) -> Areas:
        """Return the four areas (K,) of all samples, float64, exact below 2**53."""
        return tuple(
            torch.stack(areas).sum(0, dtype=torch.float64)
            for areas in zip(*(picture.areas for picture in results))
        )

    def for_mmseg(self, results: Sequence[LabelledPicture]) -> list[Areas]:
        """Return what mmseg's figures are made of: its own floats."""
        return [tuple(area.float() for area in p.areas) for p in results]

    def about(self) -> dict:
        """Return what the metric adds to the protocol."""
        return dict(classes=len(self.dataset_meta['classes']))

    def compute_metrics(self, results: list[LabelledPicture]) -> dict:
        """Return mmseg's figures and table, then the classes and the protocol.

        Args:
            results (list[LabelledPicture]): Of all processes, see :meth:`process`.

        Returns:
            dict: mmseg's figures, rounded as it rounds them, ``names_asked`` if
            it is known, ``per_class`` and ``protocol``.
        """
        metrics = super().compute_metrics(self.for_mmseg(results))
        if self.format_only:
            return metrics
        intersection, union, *_ = (area.numpy() for area in self.sums(results))
        asked = [p.names_asked for p in results if p.names_asked is not None]
        if asked:
            metrics['names_asked'] = mean_of_numbers(asked)
        metrics['per_class'] = none_for_nan(
            dict(zip(self.dataset_meta['classes'], iou_in_percent(intersection, union)))
        )
        metrics[PROTOCOL] = describe_protocol(
            self.dataset_meta, (picture.traits for picture in results), **self.about()
        )
        print_log(protocol_line(metrics[PROTOCOL]), MMLogger.get_current_instance())
        return metrics


# Whose results name a protocol.
PROTOCOL_METRICS = EpisodeIoUMetric, ErrorSharesMetric, ProtocolIoUMetric


def name_protocols(metrics: Sequence) -> None:
    """Have mmseg's ``IoUMetric`` name its protocol where no other one does.

    Of metrics without a prefix, or of one prefix, only one may name it:
    mmengine refuses a key that comes twice.

    Args:
        metrics (Sequence[BaseMetric]): Of an evaluator; an ``IoUMetric``, no
            subclass of it, becomes a :class:`ProtocolIoUMetric`.
    """
    named = {
        metric.prefix for metric in metrics if isinstance(metric, PROTOCOL_METRICS)
    }
    for metric in metrics:
        if type(metric) is IoUMetric and metric.prefix not in named:
            metric.__class__ = ProtocolIoUMetric
            named.add(metric.prefix)
