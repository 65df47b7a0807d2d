"""A segmentor within wrappers, for test time or for processes, and what it says."""

from collections.abc import Iterator

from mmseg.models.segmentors import BaseSegmentor
from torch import nn

from .text_prompted import TextPromptedSegmentor


def wrapped_models(model: nn.Module) -> Iterator[nn.Module]:
    """Yield a model and those that it wraps, each around the next."""
    while model is not None:
        yield model
        # A segmentor is no wrapper, whatever its parts are called.
        segments = isinstance(model, BaseSegmentor)
        model = None if segments else getattr(model, 'module', None)


def innermost_model(model: nn.Module) -> nn.Module:
    """Return the segmentor inside of all wrappers."""
    *_, innermost = wrapped_models(model)
    return innermost


def find_learned(model: nn.Module) -> list[str]:
    """Return the names of a model's parameters that training changes."""
    return [name for name, value in model.named_parameters() if value.requires_grad]


def has_random_weights(model: nn.Module) -> bool:
    """Return whether scores mean nothing, by a model or by one that it wraps."""
    # Another's segmentor may say so, see PromptableSegmentor.
    return any(getattr(m, 'has_random_weights', False) for m in wrapped_models(model))


def is_untrained(model: nn.Module) -> bool:
    """Return whether learned parts are random, of a model of ours or within it."""
    return any(
        isinstance(m, TextPromptedSegmentor) and not m.is_trained and find_learned(m)
        for m in wrapped_models(model)
    )


def find_presence(model: nn.Module) -> str | None:
    """Return which names a model asks, in words, by it or by one that it wraps."""
    for inner in wrapped_models(model):
        if isinstance(inner, TextPromptedSegmentor) and inner.presence is not None:
            return inner.presence.describe()
    return None
