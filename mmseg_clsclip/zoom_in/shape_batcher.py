"""ShapeBatcher: batches of images that have one shape."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from mmcv.transforms import Pad
from mmengine.structures import LabelData
from mmseg.registry import TRANSFORMS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from ..models.segmentors.padding_check import padding_of_tests
from .resize_check import require_undoable
from .segmentor_protocol import ZoomableSegmentor

# Heights and widths: so small that a few pixels which are cut off or moved show,
# and so large that what cuts large pictures shows.
TRIAL_SIZES = (48, 64), (600, 800)


class View(NamedTuple):
    """An image to be segmented.

    Attributes:
        key (Hashable): By which its logits are told from others'.
        image (np.ndarray): (H, W, 3).
        metainfo (dict): That of its sample.
    """

    key: Hashable
    image: np.ndarray
    metainfo: dict


class ViewLogits(NamedTuple):
    """What the segmentor says of a view.

    Attributes:
        key (Hashable): The view's.
        logits (Tensor): seg_logits (C, H, W) float32 as mmseg gives them: at
            ``ori_shape`` if the view's metainfo has one, otherwise at the
            segmentor's input size without what ``Pad`` added.
        presence (LabelData, optional): Which names are there, if the segmentor
            says it, see :class:`CLIPSegmentor`.
    """

    key: Hashable
    logits: Tensor
    presence: LabelData | None


class _ResizedView(NamedTuple):
    """A view at the segmentor's input size; ``inner`` is what ``Pad`` left."""

    key: Hashable
    image: np.ndarray
    metainfo: dict
    inner: tuple[slice, ...]


class ShapeBatcher:
    """Resizes images to a segmentor's input size and runs it on batches.

    mmseg's data preprocessor refuses images of different shapes in a batch,
    so equal shapes are brought together.

    Args:
        transforms (dict | Sequence[dict]): Transforms on ``img`` that resize
            it, and ``Pad``.
    """

    def __init__(self, transforms: dict | Sequence[dict]):
        if isinstance(transforms, dict):
            transforms = [transforms]
        self.transforms = [TRANSFORMS.build(cfg) for cfg in transforms]
        self.pads = any(isinstance(t, Pad) for t in self.transforms)
        self._protocols: dict[tuple[int, int], dict] = {}  # a cache
        self._largest_checked = (0, 0)
        for size in TRIAL_SIZES:
            self._check_transforms(size)

    def _check_transforms(self, size: tuple[int, int]) -> None:
        """Refuse transforms that do more than resize to a picture so large."""
        largest = self._largest_checked
        if any(side > known for side, known in zip(size, largest)):
            require_undoable(self.transforms, size)
            self._largest_checked = tuple(map(max, size, largest))

    def check_preprocessor(self, preprocessor: nn.Module) -> None:
        """Refuse a segmentor's preprocessor that pads what is padded here.

        Raises:
            ValueError: If it does.
        """
        if self.pads and padding_of_tests(preprocessor):
            raise ValueError(
                "Both `resize` and the module's data_preprocessor.test_cfg "
                'pad, and mmseg takes off what the latter added alone. Leave '
                'Pad out of `resize`.'
            )

    def get_protocol(self, size: tuple[int, int]) -> dict:
        """Return what a result tells of how a picture of a size is seen.

        Args:
            size (tuple[int, int]): Height and width.

        Returns:
            dict: ``img_shape``, and ``geometry`` if it is padded.
        """
        if size not in self._protocols:
            _, meta = self.resize(np.zeros((*size, 3), np.uint8))
            told = ('img_shape', 'geometry')
            self._protocols[size] = {key: meta[key] for key in told if key in meta}
        return self._protocols[size]

    def resize(self, image: np.ndarray) -> tuple[np.ndarray, dict]:
        """Return the resized image (h, w, 3) and its new metainfo.

        Raises:
            ValueError: See :func:`require_undoable`.
        """
        size = image.shape[:2]
        self._check_transforms(size)
        results = dict(img=np.ascontiguousarray(image), img_shape=size, ori_shape=size)
        unpadded = None
        for transform in self.transforms:
            if isinstance(transform, Pad):
                unpadded = unpadded or results['img'].shape[:2]
            results = transform(results)
        image = results['img']
        height, width = image.shape[:2]
        image = image.reshape(height, width, -1)  # OpenCV drops a single channel
        meta = {
            key: results[key] for key in ('pad_shape', 'scale_factor') if key in results
        }
        meta['img_shape'] = (height, width)
        if unpadded:  # left, right, top, bottom; mmseg takes it off again
            meta['padding_size'] = (0, width - unpadded[1], 0, height - unpadded[0])
            meta['geometry'] = 'letterbox'  # as RemovablePad says of plain pipelines
        return image, meta

    def _resize(self, view: View) -> _ResizedView:
        """Return a view at the segmentor's input size."""
        image, meta = self.resize(view.image)
        inner: tuple[slice, ...] = ()
        if 'ori_shape' not in view.metainfo:
            # mmseg logs a complaint about every batch with several
            # ori_shapes, so logits of such images stay at the input size.
            height, width = meta['ori_shape'] = image.shape[:2]
            _, right, _, bottom = meta.pop('padding_size', (0, 0, 0, 0))
            inner = (slice(None), slice(height - bottom), slice(width - right))
        return _ResizedView(view.key, image, {**view.metainfo, **meta}, inner)

    def run(
        self, segmentor: ZoomableSegmentor, views: Iterable[View], batch_size: int
    ) -> Iterator[ViewLogits]:
        """Run the segmentor.

        Args:
            segmentor (ZoomableSegmentor): With a ``test_step``.
            views (Iterable[View]): Taken one at a time.
            batch_size (int): Images at once.

        Yields:
            ViewLogits: Of each view, those of one shape together.
        """
        buckets: dict[tuple, list[_ResizedView]] = defaultdict(list)  # by shape
        for view in map(self._resize, views):
            bucket = buckets[view.image.shape]
            bucket.append(view)
            if len(bucket) == batch_size:
                yield from self._run_batch(segmentor, buckets.pop(view.image.shape))
            elif sum(map(len, buckets.values())) >= 4 * batch_size:
                # Many shapes must not pile up many images.
                fullest = max(buckets, key=lambda shape: len(buckets[shape]))
                yield from self._run_batch(segmentor, buckets.pop(fullest))
        for bucket in buckets.values():
            yield from self._run_batch(segmentor, bucket)

    @staticmethod
    def _run_batch(
        segmentor: ZoomableSegmentor, batch: list[_ResizedView]
    ) -> Iterator[ViewLogits]:
        """Run the segmentor on images of one shape."""
        inputs = [
            torch.from_numpy(np.ascontiguousarray(view.image.transpose(2, 0, 1)))
            for view in batch
        ]  # (3, h, w) each
        samples = [SegDataSample(metainfo=view.metainfo) for view in batch]
        results = segmentor.test_step(dict(inputs=inputs, data_samples=samples))
        for view, result in zip(batch, results):
            logits = result.seg_logits.data.float()[view.inner]
            yield ViewLogits(view.key, logits, result.get('presence'))
