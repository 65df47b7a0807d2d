"""Shapes-5i as an mmseg data set whose files are drawn when they are read."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated, Literal

import cv2
import numpy as np
from mmengine.fileio import BaseStorageBackend, register_backend
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import DATASETS

from ..utils.arguments import Rule
from ..utils.keys import DatasetMeta, Protocol
from ..utils.palette import distinct_colours
from .arguments import Fold, Seed
from .shapes_pixels import count_pixels
from .shapes_world import CLASSES, draw, novel_classes
from .transforms.checked_load_annotations import CheckedLoadAnnotations

# An index is a part of numpy's seeds.
Length = Annotated[
    int, Rule('a whole number from 1 to 2**32 - 1', lambda n: 1 <= n < 2**32)
]
_URI = re.compile(r'shapes-5i://(\w+)/(\d+)/(\d+)(-labels)?\.bmp')

# A picture is read and then its labels: one drawing serves both.
_draw = lru_cache(maxsize=1)(draw)


@register_backend('shapes-5i', prefixes='shapes-5i')
class ShapesBackend(BaseStorageBackend):
    """Reads ``shapes-5i://SPLIT/SEED/INDEX.bmp`` by drawing that scene.

    With ``-labels`` before the suffix it is the label map. So everything in
    mmengine that reads a picture reads these too: the standard transforms,
    the visualisation hook, and any number of worker processes.
    """

    def get(self, filepath: str) -> bytes:
        """Return the picture or label map as a BMP file.

        Raises:
            FileNotFoundError: If the path does not name a scene.
        """
        match = _URI.fullmatch(str(filepath))
        if not match:
            raise FileNotFoundError(
                f'{filepath!r} names no scene; expected '
                'shapes-5i://SPLIT/SEED/INDEX.bmp or INDEX-labels.bmp.'
            )
        split, seed, index, labels = match.groups()
        scene = _draw(int(index), split, int(seed))
        image = scene.labels if labels else scene.picture[..., ::-1]  # BGR
        # Uncompressed, since it is read back at once.
        return cv2.imencode('.bmp', image)[1].tobytes()

    def get_text(self, filepath: str, encoding: str = 'utf-8') -> str:
        """Raise an error: there is no text in this world."""
        raise ValueError(f'{filepath!r} is a picture, not a text.')


@DATASETS.register_module()
class Shapes5iDataset(BaseSegDataset):
    """Scenes of coloured shapes, 20 classes in four folds, drawn by code.

    Pictures are 128 x 128; label 0 is the background, 1 to 20 the classes
    (shape by colour). The metainfo names the fold's ``novel_classes``; every
    shape and colour occurs among the others. See
    :mod:`mmseg_clsclip.datasets.shapes_world`.

    Args:
        fold (int): Which classes are novel, 0 to 3.
        split (str): ``'train'`` or ``'test'``.
        length (int): How many scenes.
        seed (int): Of the world; scenes with other seeds are other scenes.
        metainfo (dict, optional): What takes the place of the fold's
            ``novel_classes`` and ``protocol``.
        kwargs: Of mmseg's ``BaseSegDataset``.

    Raises:
        ValueError: If there is no such fold or split, or ``length`` or
            ``seed`` is no such number.
    """

    METAINFO = dict(
        classes=('background',) + CLASSES,
        # Not the objects' own, in which a mask would not be seen.
        palette=distinct_colours(1 + len(CLASSES), background=True),
    )

    def __init__(
        self,
        fold: Fold = 0,
        split: Literal['train', 'test'] = 'train',
        length: Length = 500,
        seed: Seed = 0,
        metainfo: dict | None = None,
        **kwargs,
    ):
        self.fold, self.split = fold, split
        self.length, self.seed = length, seed
        names = self.METAINFO['classes']
        folds = DatasetMeta(
            protocol=Protocol(
                dataset='Shapes-5i',
                fold=fold,
                split=split,
                **({} if seed == 0 else dict(seed=seed)),
            ),
            novel_classes=tuple(names[k] for k in novel_classes(fold)),
        )
        super().__init__(metainfo={**folds, **(metainfo or {})}, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Return an entry a scene; nothing is drawn yet."""
        stem = f'shapes-5i://{self.split}/{self.seed}/'
        return [
            dict(
                img_path=f'{stem}{i:06d}.bmp',
                seg_map_path=f'{stem}{i:06d}-labels.bmp',
                label_map=self.label_map,
                reduce_zero_label=self.reduce_zero_label,
                seg_fields=[],
            )
            for i in range(self.length)
        ]

    def count_labels(
        self, indices: Iterable[int], loader: LoadAnnotations, some: bool = False
    ) -> Iterator[np.ndarray] | None:
        """Count the pixels of every label in masks whose pictures are not drawn.

        Args:
            indices (Iterable[int]): Of the scenes.
            loader (LoadAnnotations): What would read the masks.
            some (bool): See :func:`count_pixels`.

        Returns:
            Iterator[np.ndarray] | None: (21,) int64 of each mask, in order; None
            if labels are changed when they are read.
        """
        reduced = loader.reduce_zero_label or self.reduce_zero_label
        usual = type(loader) is CheckedLoadAnnotations
        if not usual or reduced or self.label_map:
            return None
        scenes = (
            int(_URI.fullmatch(self.get_data_info(index)['seg_map_path'])[3])
            for index in indices
        )
        return count_pixels(scenes, self.split, self.seed, some)
