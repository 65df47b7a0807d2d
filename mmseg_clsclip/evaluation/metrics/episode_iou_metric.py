"""EpisodeIoUMetric: mIoU and FB-IoU over episodes, and by object size."""

import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from mmseg.registry import METRICS
from PIL import Image
from torch import Tensor

from ...utils.arguments import Count, Rule
from ...utils.keys import CLASS_NAME, NOVEL_CLASSES, PROTOCOL
from ..protocol import (
    SEEN,
    SampleTraits,
    describe_protocol,
    protocol_line,
    sample_traits,
)
from .compared_pixels import compared_pixels
from .episode_counts import (
    SIZES,
    CountsBySize,
    PixelCounts,
    episode_figures,
    episode_table,
)

# Arguments of mmseg's IoUMetric that mean nothing here; a config may inherit them.
IOU_METRICS_ALONE = {'beta', 'format_only', 'iou_metrics', 'nan_to_num'}
SizeBounds = Annotated[
    Sequence[int],
    Rule(
        "two areas in pixels, the smaller first, such as COCO's (32**2, 96**2)",
        lambda bounds: len(bounds) == 2 and 0 < bounds[0] < bounds[1],
    ),
]


def prediction_name(img_path: str, class_name: str) -> str:
    """Return the name of the file that an episode's prediction is written to."""
    # A class may be any text, "dog/cat" too.
    return re.sub(r'[^\w.-]+', '-', f'{Path(img_path).stem}_{class_name}.png')


@dataclass(frozen=True)
class Episode:
    """What is kept of a sample, to travel between processes.

    Attributes:
        class_name (str): The class asked for.
        area (int): Pixels of the true mask.
        counts (PixelCounts): Of this episode alone.
        traits (SampleTraits): How it was asked.
    """

    class_name: str
    area: int
    counts: PixelCounts
    traits: SampleTraits


@METRICS.register_module()
class EpisodeIoUMetric(BaseMetric):
    """IoU of episodes, as PASCAL-5i and COCO-20i count it.

    Intersection and union are summed over all episodes of a class;
    a class's IoU is their quotient, and the mean is over classes, not over
    pictures. Pixels whose truth is 255 do not count. In per cent:

    - ``miou_unseen``, ``miou_seen``: the mean over the ``novel_classes`` of
      the data set, and over its other classes;
    - ``fb_iou``: the mean of the background's and the foreground's IoU, each
      summed over all episodes of unseen classes (of all, if none is of an unseen
      one);
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
            prediction is compared with: the original one, or that of ``score_side``.
            Defaults to COCO's (32**2, 96**2), stated at
            https://cocodataset.org/#detection-eval.
        score_side (int, optional): Side of the square that prediction and truth
            are resized to, by the nearest pixel, before anything is counted: 400
            in HSNet's code, 480 in LSeg's. Theirs predict at that size; here the
            prediction is made at the truth's size. None, the default, counts there.
        output_dir (str, optional): Where predictions go, an index PNG an
            episode, NAME_CLASS.png; ``tools/test.py --out`` sets it.
        keep_results (bool): Set by the same tool; results are always kept.
        kwargs: Of mmengine's ``BaseMetric``.

    Raises:
        TypeError: If it is given what is ``IoUMetric``'s alone.
        ValueError: If the bounds are not two ascending areas.
    """

    @staticmethod
    def check_names(names: Collection[str]) -> None:
        """Raise an error if arguments have names that are IoUMetric's alone."""
        invalid = sorted(IOU_METRICS_ALONE & set(names))
        if invalid:
            raise TypeError(
                f"EpisodeIoUMetric has no {', '.join(invalid)}, which mmseg's "
                'IoUMetric has. Write test_evaluator = dict(_delete_=True, '
                "type='EpisodeIoUMetric')."
            )

    def __init__(
        self,
        ignore_index: int = 255,
        size_bounds: SizeBounds = (32**2, 96**2),
        score_side: Count | None = None,
        output_dir: str | None = None,
        keep_results: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.ignore_index = ignore_index
        self.size_bounds = tuple(size_bounds)
        self.score_side = score_side
        self.output_dir = output_dir
        self._written: dict[Path, tuple[str, str]] = {}

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Count the pixels of a batch, one entry of ``results`` a sample.

        So mmengine, when it joins several processes, can drop the samples
        that were added to give each process as many.

        Args:
            data_batch (dict): See :func:`sample_traits`.
            data_samples (Sequence[dict]): With ``class_name``, a prediction
                and a truth of shape (1, H, W).

        Raises:
            ValueError: If a sample is no episode, or its truth was resized or is
                that of all classes.
        """
        counted = []
        for sample in data_samples:
            if not sample.get(CLASS_NAME):
                raise ValueError(
                    'EpisodeIoUMetric got a sample without class_name; list '
                    "'class_name' in the meta_keys of PackSegInputs and wrap "
                    'the data set in EpisodeDataset.'
                )
            if self.output_dir:
                self._write(sample)
            counted.append(self._count_pixels(sample))
        if not counted:
            return
        # One transfer: a GPU is waited for once.
        for index, (sample, row) in enumerate(
            zip(data_samples, torch.stack(counted).tolist())
        ):
            pixels, predicted, true, both, others = row
            if others:
                raise ValueError(
                    'The truth of an episode is 0 and 1, and that of '
                    f'{sample[CLASS_NAME]!r} has other labels: put MakeEpisode after '
                    'LoadAnnotations in the test pipeline.'
                )
            union = predicted + true - both
            self.results.append(
                Episode(
                    sample[CLASS_NAME],
                    area=true,
                    counts=PixelCounts(
                        episodes=1,
                        intersection=both,
                        union=union,
                        bg_intersection=pixels - union,
                        bg_union=pixels - both,
                    ),
                    traits=sample_traits(data_batch, index, sample),
                )
            )

    def _count_pixels(self, sample: dict) -> Tensor:
        """Count pixels that count, predicted, true, both and of other labels (5,).

        Where they are.
        """
        pred, truth, valid = compared_pixels(
            sample, self.ignore_index, 2, self.score_side
        )
        others = (truth > 1) & valid
        pred, truth = (pred == 1) & valid, (truth == 1) & valid
        parts = valid, pred, truth, pred & truth, others
        return torch.stack([part.sum() for part in parts])

    def _write(self, sample: dict) -> None:
        """Write one prediction as an index PNG of 0 and 1."""
        episode = sample['img_path'], sample[CLASS_NAME]
        path = Path(self.output_dir) / prediction_name(*episode)
        other = self._written.setdefault(path, episode)
        if other != episode:
            raise ValueError(
                f'{path} would be the prediction of {other} and of {episode}. '
                'Rename pictures or classes whose names become the same, or '
                'do without output_dir (--out of tools/test.py).'
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        pred = sample['pred_sem_seg']['data'][0].cpu().numpy()  # (H, W)
        Image.fromarray(pred.astype('uint8')).save(path)

    def _size(self, area: int) -> str:
        """Return the size of a true mask; an empty one has none."""
        return SIZES[bisect_right(self.size_bounds, area)] if area else 'empty'

    def _count(self, episodes: Sequence[Episode]) -> dict[str, CountsBySize]:
        """Return the pixels of each class's episodes, in the data set's order.

        Raises:
            ValueError: If no episode asks for a class of the data set.
        """
        counts: dict[str, CountsBySize] = {}
        for episode in episodes:
            size = self._size(episode.area)
            by_size = counts.setdefault(episode.class_name, {})
            by_size[size] = by_size.get(size, PixelCounts()) + episode.counts
        if not counts:
            raise ValueError('EpisodeIoUMetric got no episode at all.')
        classes = self.dataset_meta['classes']
        unknown = sorted(set(counts) - set(classes))
        if unknown:
            raise ValueError(
                f'Among {len(episodes)} episodes there are some for '
                f'{unknown[:5]}, which are not classes of the data set: '
                f'{classes}.'
            )
        return {name: counts[name] for name in classes if name in counts}

    def compute_metrics(self, results: list[Episode]) -> dict:
        """Add up, and print a table, a class a row, and the protocol.

        Args:
            results (list[Episode]): Of all processes, see :meth:`process`.

        Returns:
            dict: The figures, in per cent, ``per_class`` and ``protocol``.
        """
        counts = self._count(results)
        novel_classes = set(self.dataset_meta.get(NOVEL_CLASSES, ()))
        side = self.score_side
        protocol = describe_protocol(
            self.dataset_meta,
            (episode.traits for episode in results),
            size_bounds=list(self.size_bounds),
            unseen_classes=[
                name for name in self.dataset_meta['classes'] if name in novel_classes
            ],
            seen_classes=SEEN,
            **({} if side is None else dict(score_size=f'{side}x{side}')),
        )
        table = episode_table(counts, novel_classes).get_string()
        print_log(
            f'\n{table}\n{protocol_line(protocol)}', MMLogger.get_current_instance()
        )
        return {**episode_figures(counts, novel_classes), PROTOCOL: protocol}
