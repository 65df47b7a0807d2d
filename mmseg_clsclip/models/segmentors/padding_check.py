"""What is padded to a test's pictures is taken off again, all of it."""

from typing import Any

import numpy as np
from torch import nn


def padding_of_tests(preprocessor: nn.Module) -> dict | None:
    """Return how a preprocessor pads a test's pictures, if it does."""
    return getattr(preprocessor, 'test_cfg', None)


def check_padding(preprocessor: nn.Module, inputs: tuple[Any, ...]) -> None:
    """Check that mmseg takes off all that was padded.

    A hook before a ``SegDataPreProcessor``'s forward. Of a test's pictures that
    were padded twice mmseg takes off what the preprocessor added alone; of what
    a pipeline has padded without a ``padding_size`` nothing, and it stretches the
    mask of picture and padding over the picture.

    Args:
        preprocessor (nn.Module): Pads where it has a ``test_cfg``.
        inputs (tuple): Of its forward: a dict whose ``data_samples`` name the
            ``padding_size`` of a pipeline, and whether it is a training.

    Raises:
        ValueError: If both pad, or a pipeline does and does not say how much.
    """
    data, *training = inputs or ({},)
    if any(training) or not isinstance(data, dict):
        return
    test_cfg = padding_of_tests(preprocessor)
    for sample in data.get('data_samples') or ():
        meta = sample.metainfo
        if has_hidden_padding(meta):
            raise ValueError(
                f'The pipeline has padded a picture to {tuple(meta["pad_shape"][:2])} '
                'and does not say by how much, by which its mask would be stretched. '
                'Write RemovablePad for Pad, and in PackSegInputs meta_keys with '
                "'padding_size'."
            )
        padding = meta.get('padding_size')
        if test_cfg and padding is not None and any(padding):
            raise ValueError(
                f'The pipeline has padded a picture (padding_size={tuple(padding)}), '
                f'and data_preprocessor.test_cfg={dict(test_cfg)} pads it again: mmseg '
                'takes off the latter alone, by which masks would be shifted. Write '
                'test_cfg=None there, or leave RemovablePad out of the pipeline.'
            )


def has_hidden_padding(meta: dict) -> bool:
    """Return whether mmcv's ``Pad`` made a picture larger, and none knows by how much.

    Args:
        meta (dict): Of a sample. Three numbers in ``pad_shape`` are ``Pad``'s; other
            transforms, which set it to the size they give, write two.
    """
    padded = tuple(meta.get('pad_shape') or ())
    if len(padded) != 3 or 'padding_size' in meta or 'ori_shape' not in meta:
        return False
    width_factor, height_factor = np.resize(meta.get('scale_factor', 1.0), 2)
    height, width = meta['ori_shape'][:2]
    resized = round(height * height_factor), round(width * width_factor)
    # At its own size it was not resized, or is asked for with its padding.
    return padded[:2] not in (resized, (height, width))
