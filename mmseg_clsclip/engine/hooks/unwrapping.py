"""Models and data sets of a run, within whatever is wrapped around them."""

from collections.abc import Iterator, Sequence

from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from ...datasets import EpisodeDataset
from ...datasets.wrappers import wrapped_datasets
from ...models.segmentors.wrappers import innermost_model
from ...proposals import BaseProposals
from ...utils.keys import NOVEL_CLASSES
from ...zoom_in import ZoomIn


def find_model(runner: Runner) -> nn.Module:
    """Return the model inside a wrapper for processes."""
    model = runner.model
    return model.module if is_model_wrapper(model) else model


def find_segmentor(runner: Runner) -> nn.Module:
    """Return the segmentor inside wrappers for processes and for test time."""
    return innermost_model(runner.model)


def find_proposals(model: nn.Module) -> BaseProposals | None:
    """Return where a zoom-in's boxes come from; None of any other model."""
    return model.proposals if isinstance(model, ZoomIn) else None


def find_episode_datasets(dataset: BaseDataset) -> Iterator[EpisodeDataset]:
    """Yield the sets of episodes within mmengine's wrappers of data sets."""
    if isinstance(dataset, EpisodeDataset):
        yield dataset
        return
    for inner in wrapped_datasets(dataset):
        yield from find_episode_datasets(inner)


def counted_unseen(dataset, metrics: Sequence[BaseMetric]) -> list[str]:
    """Return the classes that count as unseen, by the data set or by a metric."""
    counted = [
        name
        for metric in metrics
        for name in getattr(metric, 'unseen_classes', None) or ()
    ]
    # What a metric counts takes the place of what the data set says.
    return list(dict.fromkeys(counted or dataset.metainfo.get(NOVEL_CLASSES, ())))
