"""EpisodeIoUMetric: mIoU and FB-IoU over episodes."""
from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from mmseg.registry import METRICS
from prettytable import PrettyTable


def _iou(intersection: np.ndarray, union: np.ndarray) -> np.ndarray:
    """Quotients in per cent, NaN where there is no pixel."""
    with np.errstate(invalid='ignore'):
        return 100 * intersection / union


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
      set names no novel ones).

    A class that no episode asks for does not enter.

    Args:
        ignore_index (int): Truth that does not count. Defaults to 255.
        kwargs: Of mmengine's ``BaseMetric``.
    """

    def __init__(self, ignore_index: int = 255, **kwargs):
        super().__init__(**kwargs)
        self.ignore_index = ignore_index

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Count the pixels of a batch.

        Args:
            data_batch (dict): Not read.
            data_samples (Sequence[dict]): With ``class_name``, a prediction
                and a truth of shape (1, H, W).

        Raises:
            ValueError: If a sample is no episode.
        """
        for sample in data_samples:
            if not sample.get('class_name'):
                raise ValueError(
                    'EpisodeIoUMetric got a sample without class_name; list '
                    "'class_name' in the meta_keys of PackSegInputs and wrap "
                    'the data set in EpisodeDataset.')
            truth = sample['gt_sem_seg']['data'].flatten()
            pred = sample['pred_sem_seg']['data'].flatten().to(truth.device)
            valid = truth != self.ignore_index
            pred, truth = pred[valid] == 1, truth[valid] == 1
            self.results.append(
                (sample['class_name'], int((pred & truth).sum()),
                 int((pred | truth).sum()), int((~pred & ~truth).sum()),
                 int((~pred | ~truth).sum())))

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """Sum up and print a table, a class a row.

        Args:
            results (list[tuple]): Name, intersection and union of the
                foreground, intersection and union of the background.

        Returns:
            dict[str, float]: The figures, in per cent.
        """
        novel = set(self.dataset_meta.get('novel_classes', ()))
        sums: dict[str, np.ndarray] = {}
        for name, *counts in results:
            row = sums.setdefault(name, np.zeros(5, dtype=np.int64))
            row += np.array([1, *counts], dtype=np.int64)
        order = [c for c in self.dataset_meta['classes'] if c in sums]
        table = PrettyTable(['class', 'group', 'episodes', 'IoU'])
        for name in order:
            iou = _iou(sums[name][1], sums[name][2])
            group = 'unseen' if name in novel else 'seen'
            table.add_row([name, group, sums[name][0], f'{iou:.2f}'])
        logger = MMLogger.get_current_instance()
        print_log('\n' + table.get_string(), logger)

        metrics = {}
        for group, members in (
            ('unseen', [c for c in order if c in novel]),
            ('seen', [c for c in order if c not in novel])):
            if members:
                total = np.stack([sums[c] for c in members])
                metrics[f'miou_{group}'] = float(
                    np.nanmean(_iou(total[:, 1], total[:, 2])))
        asked = [c for c in order if c in novel] or order
        total = sum(sums[c] for c in asked)
        metrics['fb_iou'] = float(
            (_iou(total[1], total[2]) + _iou(total[3], total[4])) / 2)
        return metrics
