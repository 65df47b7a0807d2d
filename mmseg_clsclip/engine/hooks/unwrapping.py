"""Models and data sets of a run, within whatever is wrapped around them."""

from collections.abc import Iterator

from mmengine.dataset import BaseDataset
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from ...datasets import EpisodeDataset
from ...datasets.wrappers import wrapped_datasets


def find_model(runner: Runner) -> nn.Module:
    """Return the model inside a wrapper for processes."""
    model = runner.model
    return model.module if is_model_wrapper(model) else model


def find_segmentor(runner: Runner) -> nn.Module:
    """Return the segmentor inside wrappers for processes and for test time."""
    model = find_model(runner)
    return getattr(model, 'module', model)


def find_learned(model: nn.Module) -> list[str]:
    """Return the names of a model's parameters that training changes."""
    return [name for name, value in model.named_parameters() if value.requires_grad]


def has_random_weights(model: nn.Module | None) -> bool:
    """Return whether scores mean nothing, by a model or by one that it wraps."""
    return model is not None and (
        getattr(model, 'has_random_weights', False)
        or has_random_weights(getattr(model, 'module', None))
    )


def is_untrained(model: nn.Module | None) -> bool:
    """Return whether learned parts are random, of a model of ours or within it."""
    return model is not None and (
        getattr(model, 'is_trained', True) is False
        and bool(find_learned(model))
        or is_untrained(getattr(model, 'module', None))
    )


def find_presence(model: nn.Module | None) -> str | None:
    """Return which names a model asks, in words, by it or by one that it wraps."""
    if model is None:
        return None
    presence = getattr(model, 'presence', None)
    if presence is not None:
        return presence.describe()
    return find_presence(getattr(model, 'module', None))


def find_episode_datasets(dataset: BaseDataset) -> Iterator[EpisodeDataset]:
    """Yield the sets of episodes within mmengine's wrappers of data sets."""
    if isinstance(dataset, EpisodeDataset):
        yield dataset
        return
    for inner in wrapped_datasets(dataset):
        yield from find_episode_datasets(inner)
