"""InBatches: a segmentor on images of many sizes, many at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from mmcv.transforms import Pad
from mmengine.model import BaseModel
from mmseg.registry import TRANSFORMS
from mmseg.structures import SegDataSample

from .resize_check import require_undoable

# Height and width of one; large enough for what crops to show.
PHOTOGRAPH = (600, 800)


class InBatches:
    """Brings images to a segmentor's input size and runs it on batches.

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
        self._shapes: dict[tuple[int, int], tuple[int, int]] = {}
        self._tried = (0, 0)
        self._try(PHOTOGRAPH)

    def _try(self, size: tuple[int, int]) -> None:
        """Refuse what is no resize, as far as larger pictures show it."""
        if any(a > b for a, b in zip(size, self._tried)):
            require_undoable(self.transforms, size)
            self._tried = tuple(map(max, size, self._tried))

    def input_shape(self, size: tuple[int, int]) -> tuple[int, int]:
        """What a picture of this height and width becomes."""
        if size not in self._shapes:
            _, meta = self.prepare(np.zeros((*size, 3), np.uint8))
            self._shapes[size] = meta['img_shape']
        return self._shapes[size]

    def prepare(self, image: np.ndarray) -> tuple[np.ndarray, dict]:
        """The transformed image (h, w, 3) and what is new in its metainfo.

        Raises:
            ValueError: See :func:`require_undoable`.
        """
        size = image.shape[:2]
        self._try(size)
        results = dict(img=np.ascontiguousarray(image), img_shape=size, ori_shape=size)
        inner = None
        for transform in self.transforms:
            before = results['img'].shape[:2]
            results = transform(results)
            if isinstance(transform, Pad):
                inner = inner or before
        image = results['img']
        meta = {
            key: results[key] for key in ('pad_shape', 'scale_factor') if key in results
        }
        meta['img_shape'] = image.shape[:2]
        if inner:  # to the right and below; mmseg takes it off again
            meta['padding_size'] = (
                0,
                image.shape[1] - inner[1],
                0,
                image.shape[0] - inner[0],
            )
        return image, meta

    def __call__(
        self, segmentor: BaseModel, jobs: Iterable[tuple], batch_size: int
    ) -> Iterator[tuple]:
        """Run the segmentor.

        Args:
            segmentor (BaseModel): With a ``test_step``.
            jobs (Iterable[tuple]): A key, an image (H, W, 3) and its metainfo.
            batch_size (int): Images at once.

        Yields:
            tuple: The key, and seg_logits (C, H, W) float32 as mmseg gives
            them: at ``ori_shape`` if the metainfo has one, otherwise at the
            segmentor's input size without what ``Pad`` added.
        """
        waiting = defaultdict(list)
        for key, image, meta in jobs:
            image, extra = self.prepare(image)
            inner = slice(None)
            if 'ori_shape' not in meta:
                # mmseg logs a complaint about every batch with several
                # ori_shapes; such images are scaled back by who asks.
                height, width = extra['ori_shape'] = image.shape[:2]
                _, right, _, below = extra.pop('padding_size', (0,) * 4)
                inner = (slice(None), slice(height - below), slice(width - right))
            bucket = waiting[image.shape]
            bucket.append((key, image, {**meta, **extra}, inner))
            if len(bucket) == batch_size:
                yield from self._run(segmentor, waiting.pop(image.shape))
            elif sum(map(len, waiting.values())) >= 4 * batch_size:
                # Many shapes must not pile up many images.
                fullest = max(waiting, key=lambda shape: len(waiting[shape]))
                yield from self._run(segmentor, waiting.pop(fullest))
        for bucket in waiting.values():
            yield from self._run(segmentor, bucket)

    @staticmethod
    def _run(segmentor: BaseModel, bucket: list[tuple]) -> Iterator[tuple]:
        """Images of one shape through the segmentor."""
        inputs = [
            torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
            for _, image, _, _ in bucket
        ]
        samples = [SegDataSample(metainfo=meta) for _, _, meta, _ in bucket]
        results = segmentor.test_step(dict(inputs=inputs, data_samples=samples))
        for (key, _, _, inner), result in zip(bucket, results):
            yield key, result.seg_logits.data.float()[inner]
