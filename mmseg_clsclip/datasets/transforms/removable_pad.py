"""RemovablePad: padding that is taken off the logits again."""

from mmcv.transforms import Pad
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RemovablePad(Pad):
    """mmcv's ``Pad`` for test pipelines: mmseg takes off what it adds.

    mmseg does so where its data preprocessor pads, which it does after it has
    refused a batch of several shapes. Put it after ``Resize`` with ``keep_ratio``
    and before ``LoadAnnotations``, and list ``'padding_size'`` in the
    ``meta_keys`` of ``PackSegInputs``: scores are then of the picture as it
    was, and ``'geometry'`` there lets results say that it was not stretched.

    Added keys: those of ``Pad``, padding_size (left, right, top and bottom, in
    pixels), geometry.

    Args:
        kwargs: Of mmcv's ``Pad``; ``size`` has the width first.
    """

    def transform(self, results: dict) -> dict:
        """Return the results with the picture padded at the right and the bottom."""
        height, width = results['img'].shape[:2]
        results = super().transform(results)
        below, right = (
            new - old for new, old in zip(results['img'].shape[:2], (height, width))
        )
        results.update(padding_size=(0, right, 0, below), geometry='letterbox')
        return results
