"""EpisodeIoUMetric: mIoU and FB-IoU over episodes, and by object size."""

import inspect
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS
from PIL import Image
from prettytable import PrettyTable

from ...utils.markdown import escape_markdown
from ..protocol import SEEN, describe_protocol, protocol_line, traits_of

SIZES = ('small', 'medium', 'large')


def _iou(intersection: np.ndarray, union: np.ndarray) -> np.ndarray:
    """Quotients in per cent, NaN where there is no pixel."""
    with np.errstate(invalid='ignore'):
        return 100 * intersection / union


def mean_of_numbers(values: np.ndarray) -> float:
    """The mean of what is a number, NaN if nothing is."""
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else float('nan')


def prediction_name(img_path: str, class_name: str) -> str:
    """Name of the file that an episode's prediction is written to."""
    # A class may be any text, "dog/cat" too.
    return re.sub(r'[^\w.-]+', '-', f'{Path(img_path).stem}_{class_name}.png')


@METRICS.register_module()
class EpisodeIoUMetric(BaseMetric):
    """IoU of episodes, as PASCAL-5i and COCO-20i count it.

    Intersection and union are summed in int64 over all episodes of a class;
    a class's IoU is their quotient, and the mean is over classes, not over
    pictures. Pixels whose truth is 255 do not count. In per cent:

    - ``miou_unseen``, ``miou_seen``: the mean over the ``novel_classes`` of
      the data set, and over its other classes;
    - ``fb_iou``: the mean of the background's and the foreground's IoU, each
      summed over all episodes of unseen classes (of all classes, if the data
      set names no novel ones);
    - ``miou_unseen_small``, ``miou_unseen_medium``, ``miou_unseen_large``:
      the same mean, over the episodes whose true mask is of that size. Small
      is below the first of ``size_bounds``, large from the second on. An
      empty mask has no size;
    - ``per_class``: the IoU of every class by its name, None where neither
      the truth nor the prediction has a pixel.

    A class that no episode asks for, or none of that size, does not enter,
    and a figure without any class is left out. ``protocol`` says what was
    measured, see :func:`describe_protocol`.

    Args:
        ignore_index (int): Truth that does not count. Defaults to 255.
        size_bounds (Sequence[int]): Two areas, in pixels of the mask that the
            prediction is compared with, the original one in our configs.
            Defaults to COCO's (32**2, 96**2), stated at
            https://cocodataset.org/#detection-eval.
        output_dir (str, optional): Where predictions go, an index PNG an
            episode, NAME_CLASS.png; ``tools/test.py --out`` sets it.
        keep_results (bool): Set by the same tool; results are always kept.
        kwargs: Of mmengine's ``BaseMetric``.

    Raises:
        TypeError: If it is given what is ``IoUMetric``'s alone.
        ValueError: If the bounds are not two ascending areas.
    """

    def __init__(
        self,
        ignore_index: int = 255,
        size_bounds: Sequence[int] = (32**2, 96**2),
        output_dir: str | None = None,
        keep_results: bool = True,
        **kwargs,
    ):
        theirs = set(inspect.signature(IoUMetric).parameters) - set(
            inspect.signature(BaseMetric).parameters
        )
        foreign = sorted(theirs & set(kwargs) - {'kwargs'})
        if foreign:
            raise TypeError(
                f"EpisodeIoUMetric has no {', '.join(foreign)}, which mmseg's "
                'IoUMetric has. Write test_evaluator = dict(_delete_=True, '
                "type='EpisodeIoUMetric')."
            )
        super().__init__(**kwargs)
        if len(size_bounds) != 2 or not 0 < size_bounds[0] < size_bounds[1]:
            raise ValueError(
                f'size_bounds={size_bounds!r}: two areas in pixels, the '
                "smaller first, such as COCO's (32**2, 96**2)."
            )
        self.ignore_index = ignore_index
        self.size_bounds = tuple(size_bounds)
        self.output_dir = output_dir
        self._written: dict[Path, tuple[str, str]] = {}

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Count the pixels of a batch, one entry of ``results`` a sample.

        So mmengine, when it joins several processes, can drop the samples
        that were added to give each process as many.

        Args:
            data_batch (dict): See :func:`traits_of`.
            data_samples (Sequence[dict]): With ``class_name``, a prediction
                and a truth of shape (1, H, W).

        Raises:
            ValueError: If a sample is no episode, or its truth was resized.
        """
        for index, sample in enumerate(data_samples):
            if not sample.get('class_name'):
                raise ValueError(
                    'EpisodeIoUMetric got a sample without class_name; list '
                    "'class_name' in the meta_keys of PackSegInputs and wrap "
                    'the data set in EpisodeDataset.'
                )
            if self.output_dir:
                self._write(sample)
            truth = sample['gt_sem_seg']['data']
            pred = sample['pred_sem_seg']['data'].to(truth.device)
            if pred.shape[-2:] != truth.shape[-2:]:
                raise ValueError(
                    f'The truth is {tuple(truth.shape[-2:])}, the prediction '
                    f'{tuple(pred.shape[-2:])}: put LoadAnnotations after '
                    'Resize in the test pipeline, so that masks keep their '
                    'size.'
                )
            truth, pred = truth.flatten(), pred.flatten()
            valid = truth != self.ignore_index
            pred, truth = pred[valid] == 1, truth[valid] == 1
            counts = (truth, pred & truth, pred | truth, ~pred & ~truth, ~pred | ~truth)
            self.results.append(
                (
                    sample['class_name'],
                    tuple(int(c.sum()) for c in counts),
                    traits_of(data_batch, index, sample),
                )
            )

    def _write(self, sample: dict) -> None:
        """Write one prediction as an index PNG of 0 and 1."""
        path = Path(self.output_dir) / prediction_name(
            sample['img_path'], sample['class_name']
        )
        asked = sample['img_path'], sample['class_name']
        other = self._written.setdefault(path, asked)
        if other != asked:
            raise ValueError(
                f'{path} would be the prediction of {other} and of {asked}. '
                'Rename pictures or classes whose names become the same, or '
                'do without output_dir (--out of tools/test.py).'
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        pred = sample['pred_sem_seg']['data'][0].cpu().numpy()
        Image.fromarray(pred.astype(np.uint8)).save(path)

    def _sums(self, results: list[tuple]) -> dict[str, np.ndarray]:
        """Add up the episodes of each class.

        Args:
            results (list[tuple]): As :meth:`process` leaves them.

        Returns:
            dict[str, np.ndarray]: By class, in the data set's order, (4, 5)
            int64: rows small, medium, large and empty; columns episodes,
            intersection and union of the foreground, then of the background.

        Raises:
            ValueError: If no episode asks for a class of the data set.
        """
        sums: dict[str, np.ndarray] = {}
        for name, (area, *counts), _ in results:
            size = np.searchsorted(self.size_bounds, area, side='right')
            rows = sums.setdefault(name, np.zeros((4, 5), dtype=np.int64))
            rows[size if area else 3] += np.array([1, *counts], np.int64)
        classes = self.dataset_meta['classes']
        strange = sorted(set(sums) - set(classes))
        if strange or not sums:
            raise ValueError(
                f'Among {len(results)} episodes there are some for '
                f'{strange[:5]}, which are not classes of the data set: '
                f'{classes}.'
                if strange
                else 'EpisodeIoUMetric got no episode at all.'
            )
        return {c: sums[c] for c in classes if c in sums}

    def compute_metrics(self, results: list[tuple]) -> dict:
        """Sum up, and print a table, a class a row, and the protocol.

        Args:
            results (list[tuple]): Of all processes, see :meth:`process`.

        Returns:
            dict: The figures, in per cent, ``per_class`` and ``protocol``.
        """
        sums = self._sums(results)
        novel = set(self.dataset_meta.get('novel_classes', ()))
        unseen = [c for c in sums if c in novel]
        total = {c: rows.sum(0) for c, rows in sums.items()}
        iou = {c: float(_iou(t[1], t[2])) for c, t in total.items()}
        by_size = {c: _iou(r[:3, 1], r[:3, 2]) for c, r in sums.items()}

        metrics = {}
        for group, members in (
            ('unseen', unseen),
            ('seen', [c for c in sums if c not in novel]),
        ):
            if members:
                metrics[f'miou_{group}'] = mean_of_numbers(
                    np.array([iou[c] for c in members])
                )
        joined = sum(total[c] for c in unseen or sums)
        metrics['fb_iou'] = float(
            (_iou(joined[1], joined[2]) + _iou(joined[3], joined[4])) / 2
        )
        for size, word in enumerate(SIZES):
            members = [c for c in unseen if sums[c][size, 0]]
            if members:
                metrics[f'miou_unseen_{word}'] = mean_of_numbers(
                    np.array([by_size[c][size] for c in members])
                )
        metrics['per_class'] = {
            c: None if np.isnan(value) else value for c, value in iou.items()
        }
        metrics['protocol'] = describe_protocol(
            self.dataset_meta,
            (traits for *_, traits in results),
            size_bounds=list(self.size_bounds),
            seen_classes=SEEN,
        )

        table = PrettyTable(['class', 'group', 'episodes', 'IoU', *SIZES])
        for c in sums:
            values = [f'{v:.2f}' if v == v else '-' for v in (iou[c], *by_size[c])]
            table.add_row(
                [
                    escape_markdown(c),
                    'unseen' if c in novel else 'seen',
                    total[c][0],
                    *values,
                ]
            )
        print_log(
            f'\n{table.get_string()}\n{protocol_line(metrics["protocol"])}',
            MMLogger.get_current_instance(),
        )
        return metrics
