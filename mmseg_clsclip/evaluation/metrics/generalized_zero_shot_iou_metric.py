"""GeneralizedZeroShotIoUMetric: seen and unseen classes asked together."""

import difflib
import inspect
from collections.abc import Collection, Sequence

import numpy as np
from mmengine.logging import MMLogger, print_log
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS

from ...datasets.masks import is_background
from ...utils.arguments import check_keys
from ...utils.keys import NOVEL_CLASSES, SEEN_CLASSES
from ..protocol import SEEN
from .iou import mean_of_numbers
from .protocol_iou_metric import Areas, LabelledPicture, ProtocolIoUMetric


@METRICS.register_module()
class GeneralizedZeroShotIoUMetric(ProtocolIoUMetric):
    """mmseg's ``IoUMetric`` and what generalised zero-shot papers report.

    Every pixel is given one of all classes, seen or unseen. mmseg's table and
    figures stay; added are, in per cent and not rounded:

    - ``pAcc``: the share of pixels that are right;
    - ``mIoU_seen``, ``mIoU_unseen``: the means over the two groups. A class
      that neither the truth nor the prediction holds does not enter;
    - ``hIoU``: their harmonic mean 2SU / (S + U), as ZS3Net and ZegCLIP have
      it.

    ``per_class``, ``protocol`` and, with a ``presence``, ``names_asked`` are those
    of :class:`ProtocolIoUMetric`.
    Areas are summed exactly, so several processes give what one gives. A
    background among the classes is neither seen nor unseen, as in episodes,
    unless ``unseen_classes`` names it; the protocols of VOC 15/5 and the like
    leave its pixels out (255).

    Args:
        unseen_classes (Sequence[str], optional): Names whose masks training
            did not see. None takes ``novel_classes`` of the data set's
            metainfo.
        kwargs: Of mmseg's ``IoUMetric``.

    Raises:
        TypeError: If an argument is neither its own nor mmseg's.
        ValueError: When it meets the data set, if a name is not one of its
            classes, or if no class is unseen or none is seen.
    """

    @staticmethod
    def check_names(names: Collection[str]) -> None:
        """Raise an error if arguments have names that mmseg's would pass over."""
        known = {*inspect.signature(IoUMetric).parameters, 'keep_results'}
        known |= {'unseen_classes'}
        check_keys('GeneralizedZeroShotIoUMetric', names, known - {'kwargs'}, TypeError)

    def __init__(self, unseen_classes: Sequence[str] | None = None, **kwargs):
        super().__init__(**kwargs)
        self.unseen_classes = unseen_classes

    @property
    def dataset_meta(self) -> dict | None:
        """Metainfo of the data set; unseen classes are looked up in it."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, meta: dict) -> None:
        names = self.unseen_classes
        if names is None:
            names = meta.get(NOVEL_CLASSES, ())
        classes = list(meta['classes'])
        for name in names:
            if name not in classes:
                close = difflib.get_close_matches(name, classes, 3, 0)
                raise ValueError(
                    f'unseen_classes: {name!r} is not a class of the data '
                    f'set. Nearest: {", ".join(close)}.'
                )
        unseen = np.array([c in names for c in classes])
        seen = ~unseen & [not is_background(c) for c in classes]
        if not (unseen.any() and seen.any()):
            raise ValueError(
                f'{len(set(names))} of {len(classes)} classes are unseen and '
                f'{seen.sum()} seen, the background being neither; this '
                'metric compares unseen with seen ones. List the former in '
                'its unseen_classes, or use IoUMetric.'
            )
        self._is_unseen, self._is_seen = unseen, seen
        self._dataset_meta = meta

    def for_mmseg(self, results: Sequence[LabelledPicture]) -> list[Areas]:
        """Return one entry, of exact sums."""
        return [self.sums(results)]

    def about(self) -> dict:
        """Return what the metric adds to the protocol."""
        classes = self.dataset_meta['classes']
        about = dict(
            super().about(),
            unseen_classes=[
                c for c, is_unseen in zip(classes, self._is_unseen) if is_unseen
            ],
        )
        if not all(self._is_unseen | self._is_seen):
            about[SEEN_CLASSES] = SEEN
        return about

    def compute_metrics(self, results: list[LabelledPicture]) -> dict:
        """Return mmseg's figures and table, the protocol, then ours.

        Args:
            results (list[LabelledPicture]): Of all processes, see
                :meth:`ProtocolIoUMetric.process`.

        Returns:
            dict: mmseg's figures, rounded as it rounds them, ``pAcc``,
            ``mIoU_seen``, ``mIoU_unseen``, ``hIoU``, and all else of
            :class:`ProtocolIoUMetric`.
        """
        metrics = super().compute_metrics(results)
        if self.format_only:
            return metrics
        intersection, union, _, label = (area.numpy() for area in self.sums(results))
        with np.errstate(invalid='ignore'):
            iou = intersection / union
        if self.nan_to_num is not None:
            iou = np.nan_to_num(iou, nan=self.nan_to_num)
        seen, unseen = (
            100 * mean_of_numbers(group)
            for group in (iou[self._is_seen], iou[self._is_unseen])
        )
        metrics['pAcc'] = 100 * float(intersection.sum() / label.sum())
        metrics['mIoU_seen'], metrics['mIoU_unseen'] = seen, unseen
        metrics['hIoU'] = (
            2 * seen * unseen / (seen + unseen) if seen + unseen != 0 else 0.0
        )
        print_log(
            f'pAcc {metrics["pAcc"]:.2f}, mIoU seen {seen:.2f}, unseen '
            f'{unseen:.2f}, hIoU {metrics["hIoU"]:.2f}',
            MMLogger.get_current_instance(),
        )
        return metrics
