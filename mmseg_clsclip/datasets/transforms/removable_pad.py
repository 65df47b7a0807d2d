"""RemovablePad: padding that is taken off the logits again."""

from mmcv.transforms import Pad
from mmseg.registry import TRANSFORMS

from ...utils.arguments import Count


@TRANSFORMS.register_module()
class RemovablePad(Pad):
    """mmcv's ``Pad`` for test pipelines: mmseg takes off what it adds.

    mmseg does so where its data preprocessor pads, which it does after it has
    refused a batch of several shapes. Put it after ``Resize`` with ``keep_ratio``
    and before ``LoadAnnotations``, and list ``'padding_size'`` in the
    ``meta_keys`` of ``PackSegInputs``: scores are then of the picture as it
    was, and ``'geometry'`` there lets results say that it was not stretched. A
    ``test_cfg`` of the data preprocessor has no place beside it.

    Added keys: those of ``Pad``, padding_size (left, right, top and bottom, in
    pixels), geometry.

    Args:
        size (tuple[int, int]): Width and height that every picture has then.
        pad_val (dict): See mmcv's ``Pad``.
    """

    def __init__(self, size: tuple[Count, Count], pad_val: dict):
        super().__init__(size=tuple(size), pad_val=pad_val)

    def transform(self, results: dict) -> dict:
        """Return the results with the picture padded at the right and the bottom.

        Raises:
            ValueError: If the picture is larger.
        """
        height, width = results['img'].shape[:2]
        if width > self.size[0] or height > self.size[1]:
            raise ValueError(
                f'RemovablePad(size={self.size}): a picture of {width} x {height} is '
                'larger. Put Resize with keep_ratio=True and the same size before it.'
            )
        results = super().transform(results)
        below, right = (
            new - old for new, old in zip(results['img'].shape[:2], (height, width))
        )
        results.update(padding_size=(0, right, 0, below), geometry='letterbox')
        return results
