"""ErrorSharesMetric: where the errors of a whole vocabulary go."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from mmseg.registry import METRICS
from prettytable import PrettyTable

from ...datasets.masks import is_background, is_of_episodes
from ...utils.arguments import Natural
from ...utils.keys import CLASS_NAME, PROTOCOL
from ...utils.markdown import escape_markdown
from ..protocol import SampleTraits, describe_protocol, protocol_line, sample_traits
from .compared_pixels import check_labels, compared_pixels

# What may become of a pixel, and the same in words. "Present" is a class that the
# truth of the picture has somewhere.
OUTCOMES = dict(
    object_right='object: right',
    object_missed='object: called background',
    object_as_present='object: called another class of the picture',
    object_as_absent='object: called a class that is not in the picture',
    background_as_present='background: called a class of the picture',
    background_as_absent='background: called a class that is not in the picture',
)


@dataclass(frozen=True)
class LabelPairs:
    """What is kept of a picture, to travel between processes.

    Attributes:
        pixels (dict): Number of pixels by true and predicted label.
        traits (SampleTraits): How it was asked.
    """

    pixels: dict[tuple[int, int], int]
    traits: SampleTraits


def outcome(
    truth: int, pred: int, present: Collection[int], background: Collection[int]
) -> str:
    """Return what became of pixels with a true and a predicted label.

    Args:
        truth (int): Their true label.
        pred (int): Their predicted label.
        present (Collection[int]): Labels that the truth of the picture has.
        background (Collection[int]): Labels that are no class.
    """
    group = 'background' if truth in background else 'object'
    if pred == truth:
        return f'{group}_right'
    if pred in background:
        return f'{group}_missed'
    return f'{group}_as_{"present" if pred in present else "absent"}'


@METRICS.register_module()
class ErrorSharesMetric(BaseMetric):
    """Where the errors of a whole vocabulary go, beside another metric.

    It says why an mIoU is low, and stands beside the metric of that, as in
    ``test_evaluator = [dict(type='IoUMetric'), dict(type='ErrorSharesMetric')]``;
    so its results have the prefix ``errors``. Every pixel counts once, however
    rare its class is, unless its truth is 255. Of the pixels whose truth is a
    class, in per cent:

    - ``object_right``;
    - ``object_missed``: called background;
    - ``object_as_present``: called another class that the picture's truth
      has, as at a border, or where two things are mistaken for each other;
    - ``object_as_absent``: called a class that the picture's truth lacks;

    and of the pixels whose truth is the background, ``background_as_present``
    and ``background_as_absent``. Figures without any pixel are left out.
    Where the background is none of the data set's classes (for models:
    ``with_background=False``) nothing can be missed, and ``object_missed`` and
    both of the background are left out.

    ``confusions`` are the pairs of classes with the most pixels, a dict each:
    ``truth``, ``predicted``, ``pixels`` and ``share``, of the truth's pixels in
    per cent. The background is in none of them. ``protocol`` says what was
    measured, see :func:`describe_protocol`.

    Args:
        ignore_index (int): Truth that does not count. Defaults to 255.
        num_confusions (int): The largest number of pairs. Defaults to 10.
        kwargs: Of mmengine's ``BaseMetric``.
    """

    default_prefix = 'errors'

    def __init__(self, ignore_index: int = 255, num_confusions: Natural = 10, **kwargs):
        super().__init__(**kwargs)
        self.ignore_index = ignore_index
        self.num_confusions = num_confusions

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Count the pixels of a batch, one entry of ``results`` a sample.

        Args:
            data_batch (dict): See :func:`sample_traits`.
            data_samples (Sequence[dict]): With a prediction and a truth of
                shape (1, H, W). No more is read, so ``labels_only`` does.

        Raises:
            ValueError: If a sample is an episode, its truth was resized, or
                there are labels beyond the data set's classes.
        """
        classes = self.dataset_meta['classes']
        number = len(classes)
        for index, sample in enumerate(data_samples):
            if sample.get(CLASS_NAME) and not is_of_episodes(classes):
                raise ValueError(
                    'ErrorSharesMetric compares labels of all classes, and the '
                    'masks of episodes are 0 and 1: test on the data set '
                    'without EpisodeDataset around it.'
                )
            pred, truth, valid = compared_pixels(sample, self.ignore_index, number)
            labels = dict(prediction=pred[valid], truth=truth[valid])
            for name, values in labels.items():
                check_labels(sample, name, values, number)
            pairs = labels['truth'].long() * number + labels['prediction'].long()
            pairs, pixels = pairs.unique(return_counts=True)
            self.results.append(
                LabelPairs(
                    {
                        divmod(pair, number): count
                        for pair, count in zip(pairs.tolist(), pixels.tolist())
                    },
                    sample_traits(data_batch, index, sample),
                )
            )

    def compute_metrics(self, results: list[LabelPairs]) -> dict:
        """Add up, and print the shares, the confusions and the protocol.

        Args:
            results (list[LabelPairs]): Of all processes, see :meth:`process`.

        Returns:
            dict: The shares in per cent, ``confusions`` and ``protocol``.
        """
        classes = self.dataset_meta['classes']
        background = {k for k, name in enumerate(classes) if is_background(name)}
        outcomes: Counter[str] = Counter()
        total: Counter[tuple[int, int]] = Counter()
        for picture in results:
            present = {truth for truth, _ in picture.pixels}
            for (truth, pred), pixels in picture.pixels.items():
                outcomes[outcome(truth, pred, present, background)] += pixels
                total[truth, pred] += pixels
        shares = self._shares(outcomes, bool(background))
        confusions = self._confusions(total, background)
        protocol = describe_protocol(
            self.dataset_meta,
            (picture.traits for picture in results),
            classes=len(classes),
        )
        print_log(
            f'\n{shares_table(shares)}\n{confusions_table(confusions)}\n'
            f'{protocol_line(protocol)}',
            MMLogger.get_current_instance(),
        )
        return {**shares, 'confusions': confusions, PROTOCOL: protocol}

    @staticmethod
    def _shares(outcomes: Counter[str], has_background: bool) -> dict[str, float]:
        """Return the shares in per cent, of groups that have a pixel."""
        totals: Counter[str] = Counter()
        for name, pixels in outcomes.items():
            totals[name.split('_')[0]] += pixels
        return {
            name: 100 * outcomes[name] / totals[name.split('_')[0]]
            for name in OUTCOMES
            if totals[name.split('_')[0]]
            and (has_background or name != 'object_missed')
        }

    def _confusions(
        self, total: Counter[tuple[int, int]], background: Collection[int]
    ) -> list[dict]:
        """Return the pairs of different classes with the most pixels."""
        classes = self.dataset_meta['classes']
        of_truth: Counter[int] = Counter()
        for (truth, _), pixels in total.items():
            of_truth[truth] += pixels
        pairs = [
            pair
            for pair in total
            if pair[0] != pair[1] and not background.intersection(pair)
        ]
        # Of equals the first labels, in whichever order pictures came.
        pairs.sort(key=lambda pair: (-total[pair], pair))
        return [
            dict(
                truth=classes[truth],
                predicted=classes[pred],
                pixels=total[truth, pred],
                share=100 * total[truth, pred] / of_truth[truth],
            )
            for truth, pred in pairs[: self.num_confusions]
        ]


def shares_table(shares: dict[str, float]) -> PrettyTable:
    """Return a table with a row an outcome: words, and the share in per cent."""
    table = PrettyTable(['pixels', '%'], align='r')
    table.align['pixels'] = 'l'
    for name, share in shares.items():
        table.add_row([OUTCOMES[name], f'{share:.2f}'])
    return table


def confusions_table(confusions: list[dict]) -> PrettyTable:
    """Return a table with a row a pair of classes, the most pixels first."""
    table = PrettyTable(['truth', 'called', 'pixels', '% of the truth'], align='r')
    table.align['truth'] = table.align['called'] = 'l'
    for pair in confusions:
        table.add_row(
            [
                escape_markdown(pair['truth']),
                escape_markdown(pair['predicted']),
                pair['pixels'],
                f'{pair["share"]:.2f}',
            ]
        )
    return table
