"""GeneralizedZeroShotIoUMetric: seen and unseen classes asked together."""
import difflib
from collections.abc import Sequence

import numpy as np
import torch
from mmengine.logging import MMLogger, print_log
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS

from .episode_metric import mean_of_numbers
from .protocol import describe_protocol, protocol_line, traits_of


@METRICS.register_module()
class GeneralizedZeroShotIoUMetric(IoUMetric):
    """mmseg's ``IoUMetric`` and what generalised zero-shot papers report.

    Every pixel is given one of all classes, seen or unseen. mmseg's table and
    figures stay; added are, in per cent and not rounded:

    - ``pAcc``: the share of pixels that are right;
    - ``mIoU_seen``, ``mIoU_unseen``: the means over the two groups. A class
      that neither the truth nor the prediction holds does not enter;
    - ``hIoU``: their harmonic mean 2SU / (S + U), as ZS3Net and ZegCLIP have
      it.

    ``protocol`` says what was measured, see :func:`describe_protocol`. Areas
    are summed in int64, so several processes give what one gives. If the data
    set has a background among its classes it is a seen class like any other;
    the protocols of VOC 15/5 and the like leave it out (255).

    Args:
        unseen_classes (Sequence[str], optional): Names whose masks training
            did not see. None takes ``novel_classes`` of the data set's
            metainfo.
        kwargs: Of mmseg's ``IoUMetric``.

    Raises:
        ValueError: When it meets the data set, if a name is not one of its
            classes, or if no class is unseen or none is seen.
    """

    def __init__(self,
                 unseen_classes: Sequence[str] | None = None,
                 **kwargs):
        super().__init__(**kwargs)
        if isinstance(unseen_classes, str):
            raise ValueError(f'unseen_classes={unseen_classes!r} is one text; '
                             f'write a list: [{unseen_classes!r}].')
        self.unseen_classes = unseen_classes

    @property
    def dataset_meta(self) -> dict | None:
        """Metainfo of the data set; unseen classes are looked up in it."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, meta: dict) -> None:
        names = self.unseen_classes
        if names is None:
            names = meta.get('novel_classes', ())
        classes = list(meta['classes'])
        for name in names:
            if name not in classes:
                close = difflib.get_close_matches(name, classes, 3, 0)
                raise ValueError(
                    f'unseen_classes: {name!r} is not a class of the data '
                    f'set. Nearest: {", ".join(close)}.')
        if not 0 < len(set(names)) < len(classes):
            raise ValueError(
                f'{len(set(names))} of {len(classes)} classes are unseen; '
                'this metric compares unseen with seen ones. List the former '
                'in its unseen_classes, or use IoUMetric.')
        self._is_unseen = np.array([c in names for c in classes])
        self._dataset_meta = meta

    @staticmethod
    def intersect_and_union(*args, **kwargs) -> tuple:
        """mmseg's four areas (K,), as int64; it counts in whole floats."""
        return tuple(
            area.to(torch.int64)
            for area in IoUMetric.intersect_and_union(*args, **kwargs))

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Count the pixels of a batch, one entry of ``results`` a sample.

        Args:
            data_batch (dict): See :func:`traits_of`.
            data_samples (Sequence[dict]): With a prediction and a truth of
                shape (1, H, W).
        """
        start = len(self.results)
        super().process(data_batch, data_samples)
        # With format_only there is no truth and mmseg adds nothing.
        self.results[start:] = [
            (areas, traits_of(data_batch, index, sample))
            for index, (areas, sample) in enumerate(
                zip(self.results[start:], data_samples))
        ]

    def compute_metrics(self, results: list) -> dict:
        """mmseg's figures and table, then ours and the protocol.

        Args:
            results (list[tuple]): Of all processes, see :meth:`process`.

        Returns:
            dict: mmseg's figures, rounded as it rounds them, ``pAcc``,
            ``mIoU_seen``, ``mIoU_unseen``, ``hIoU`` and ``protocol``.
        """
        if self.format_only:
            return super().compute_metrics(results)
        # One entry of exact sums: as float64 they lose nothing below 2**53.
        sums = [
            torch.stack(areas).sum(0).double()
            for areas in zip(*(areas for areas, _ in results))
        ]
        metrics = super().compute_metrics([tuple(sums)])
        intersection, union, _, label = (area.numpy() for area in sums)
        with np.errstate(invalid='ignore'):
            iou = intersection / union
        if self.nan_to_num is not None:
            iou = np.nan_to_num(iou, nan=self.nan_to_num)
        seen, unseen = (
            100 * mean_of_numbers(group)
            for group in (iou[~self._is_unseen], iou[self._is_unseen]))
        metrics['pAcc'] = 100 * float(intersection.sum() / label.sum())
        metrics['mIoU_seen'], metrics['mIoU_unseen'] = seen, unseen
        metrics['hIoU'] = (2 * seen * unseen / (seen + unseen)
                           if seen + unseen != 0 else 0.0)
        classes = self.dataset_meta['classes']
        metrics['protocol'] = describe_protocol(
            self.dataset_meta, (traits for _, traits in results),
            classes=len(classes),
            unseen_classes=[c for c, is_unseen in zip(
                classes, self._is_unseen) if is_unseen])
        print_log(
            f'pAcc {metrics["pAcc"]:.2f}, mIoU seen {seen:.2f}, unseen '
            f'{unseen:.2f}, hIoU {metrics["hIoU"]:.2f}\n'
            f'{protocol_line(metrics["protocol"])}',
            MMLogger.get_current_instance())
        return metrics
