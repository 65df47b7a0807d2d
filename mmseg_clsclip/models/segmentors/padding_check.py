"""Pictures are padded by the pipeline or by the preprocessor, not by both."""

from typing import Any

from torch import nn


def padding_of_tests(preprocessor: nn.Module) -> dict | None:
    """Return how a preprocessor pads a test's pictures, if it does."""
    return getattr(preprocessor, 'test_cfg', None)


def check_padding(preprocessor: nn.Module, inputs: tuple[Any, ...]) -> None:
    """Check that mmseg takes off all that was padded.

    A hook before a ``SegDataPreProcessor``'s forward. Of a test's pictures that
    were padded twice mmseg takes off what the preprocessor added alone.

    Args:
        preprocessor (nn.Module): Pads where it has a ``test_cfg``.
        inputs (tuple): Of its forward: a dict whose ``data_samples`` name the
            ``padding_size`` of a pipeline, and whether it is a training.

    Raises:
        ValueError: If both pad.
    """
    data, *training = inputs or ({},)
    test_cfg = padding_of_tests(preprocessor)
    if any(training) or not test_cfg or not isinstance(data, dict):
        return
    for sample in data.get('data_samples') or ():
        padding = sample.metainfo.get('padding_size')
        if padding is not None and any(padding):
            raise ValueError(
                f'The pipeline has padded a picture (padding_size={tuple(padding)}), '
                f'and data_preprocessor.test_cfg={dict(test_cfg)} pads it again: mmseg '
                'takes off the latter alone, by which masks would be shifted. Write '
                'test_cfg=None there, or leave RemovablePad out of the pipeline.'
            )
