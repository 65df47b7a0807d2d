"""Episodes: a picture, one class name, a binary mask; from any data set."""
import logging
from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset, Compose
from mmengine.logging import print_log
from mmseg.registry import DATASETS, TRANSFORMS
from torch.utils.data import Dataset

IGNORE = 255
NOVEL_HANDLING = ('drop_image', 'background', 'ignore')


@DATASETS.register_module()
class EpisodeDataset(Dataset):
    """Asks for one class a picture, in whatever data set mmseg can read.

    In testing every pair of a picture and a class that covers ``min_area`` of
    its pixels is a sample: the exhaustive pass. In training a sample is a
    picture, and :class:`MakeEpisode`, which the pipeline must contain, draws
    one of its base classes.

    Args:
        dataset (dict): The inner data set. Its ``test_mode`` decides; its own
            pipeline is not used.
        pipeline (Sequence[dict]): Transforms, from loading to packing. It
            stands here, where mmseg's tools look for it.
        novel_classes (Sequence[str], optional): Names that training must not
            see a mask of. None takes those in the inner metainfo, if any.
        novel_handling (str): What becomes of training pictures that hold a
            novel class: ``'drop_image'`` leaves the picture out,
            ``'background'`` calls the pixels background, ``'ignore'`` gives
            them 255.
        min_area (int): Pixels of the mask, as it is stored.
        unreadable (str): ``'stop'`` at a picture that cannot be read, or
            ``'skip'`` all such: every picture is then opened once at the
            start, and what is left out is named in the log.

    Raises:
        ValueError: If a novel class is not in the data set, an option is not
            one of those above, or no sample is left.
    """

    def __init__(self,
                 dataset: dict,
                 pipeline: Sequence[dict] = (),
                 novel_classes: Sequence[str] | None = None,
                 novel_handling: str = 'drop_image',
                 min_area: int = 1,
                 unreadable: str = 'stop'):
        self.dataset: BaseDataset = DATASETS.build(dataset)
        self.pipeline = Compose(pipeline)
        classes = self.dataset.metainfo['classes']
        if novel_classes is None:
            novel_classes = self.dataset.metainfo.get('novel_classes', ())
        unknown = set(novel_classes) - set(classes)
        if unknown:
            raise ValueError(f'novel_classes: {sorted(unknown)} are not in '
                             f'the data set, whose classes are {classes}.')
        if novel_handling not in NOVEL_HANDLING:
            raise ValueError(f'novel_handling={novel_handling!r}: one of '
                             f'{NOVEL_HANDLING}.')
        if unreadable not in ('stop', 'skip'):
            raise ValueError(f"unreadable={unreadable!r}: 'stop' or 'skip'.")
        self.unreadable = unreadable
        self.novel_handling = novel_handling
        self.min_area = min_area
        self.test_mode = self.dataset.test_mode
        self.base_classes = tuple(
            c for c in classes if c not in novel_classes and c != 'background')
        self._metainfo = dict(
            self.dataset.metainfo,
            novel_classes=tuple(novel_classes),
            base_classes=self.base_classes)
        self._novel_labels = [classes.index(c) for c in novel_classes]
        self._loader = TRANSFORMS.build(dict(type='LoadAnnotations'))
        self.samples = self._list_samples()
        if not self.samples:
            raise ValueError(
                f'No sample is left of {len(self.dataset)} pictures with '
                f'min_area={min_area} and novel_handling={novel_handling!r}.')

    @property
    def metainfo(self) -> dict:
        """That of the inner data set, with ``novel_`` and ``base_classes``."""
        return dict(self._metainfo)

    def _areas(self, index: int) -> np.ndarray:
        """Pixels of every label (256,) in the picture's mask."""
        info = self.dataset.get_data_info(index)
        return np.bincount(
            self._loader(info)['gt_seg_map'].ravel(), minlength=256)

    def _list_samples(self) -> list[tuple]:
        """Pairs of a picture's index and a class name (None in training)."""
        every = list(range(len(self.dataset)))
        if self.unreadable == 'skip':
            every = self._readable(every)
        if not self.test_mode:
            if self.novel_handling == 'drop_image' and self._novel_labels:
                every = [
                    i for i in every
                    if not self._areas(i)[self._novel_labels].any()
                ]
            return [(i, None) for i in every]
        classes = self.metainfo['classes']
        return [(i, classes[k]) for i in every
                for k in np.flatnonzero(self._areas(i) >= self.min_area)
                if k < len(classes) and classes[k] != 'background']

    def _readable(self, indices: list[int]) -> list[int]:
        """Those whose picture opens; the others are logged."""
        load = TRANSFORMS.build(dict(type='LoadImageFromFile'))
        good, bad = [], []
        for i in indices:
            info = self.dataset.get_data_info(i)
            try:
                load(info)
                good.append(i)
            except Exception:  # whatever a decoder raises
                bad.append(info['img_path'])
        if bad:
            print_log(
                f'{len(bad)} pictures cannot be read and are left out: '
                f'{", ".join(bad[:5])}{", ..." if len(bad) > 5 else ""}.',
                logger='current',
                level=logging.WARNING)
        return good

    def full_init(self) -> None:
        """Done already; there for mmengine's Runner."""

    def __len__(self) -> int:
        return len(self.samples)

    def get_data_info(self, idx: int) -> dict:
        """The inner entry and what :class:`MakeEpisode` needs to know."""
        index, class_name = self.samples[idx]
        info = self.dataset.get_data_info(index)
        info.update(
            sample_idx=idx,
            classes=self.metainfo['classes'],
            base_classes=self.base_classes,
            ignored_labels=self._novel_labels
            if self.novel_handling == 'ignore' and not self.test_mode else [])
        if class_name is not None:
            info['class_name'] = class_name
        return info

    def __getitem__(self, idx: int) -> dict:
        """The sample; in training another one if nothing of it is left.

        Raises:
            RuntimeError: If a picture cannot be read, or a thousand pictures
                give no sample.
        """
        for _ in range(1000):
            info = self.get_data_info(idx)
            path = info['img_path']
            try:
                data = self.pipeline(info)
            except Exception as error:
                raise RuntimeError(
                    f'{path} could not be prepared: {error} '
                    "(unreadable='skip' leaves out pictures that cannot be "
                    'read.)') from error
            if data is not None:
                return data
            if self.test_mode:
                break
            idx = np.random.randint(len(self))
        raise RuntimeError(
            'The pipeline gives no sample: after cropping no base class is '
            'left. Look at RandomCrop and at MakeEpisode.min_area.')


@TRANSFORMS.register_module()
class MakeEpisode(BaseTransform):
    """Turn a label map into the binary mask of one class.

    Required keys: gt_seg_map, classes, base_classes, ignored_labels, and
    class_name if the class is given. Added key: class_name. Modified key:
    gt_seg_map, (H, W) uint8: 1 where the class is, 255 where it is ignored.
    Without label map, as in mmseg's inferencer, or without EpisodeDataset
    around the data set, nothing is done: whole vocabularies are asked for.

    Put it after the cropping, so that what is asked for is in the picture,
    and list ``'class_name'`` in the ``meta_keys`` of ``PackSegInputs``.

    Args:
        absent_share (float): Share of training samples that ask for a base
            class which is *not* in the picture; their mask is empty. 0, the
            paper's recipe, never teaches the model to say "not here", which
            it must when a whole vocabulary is asked.
        min_area (int): Pixels that a class must cover to be drawn.

    Raises:
        ValueError: If a mask holds a value that is no class.
    """

    def __init__(self, absent_share: float = 0.0, min_area: int = 1):
        if not 0 <= absent_share <= 1:
            raise ValueError(f'absent_share={absent_share}: 0 to 1.')
        self.absent_share = absent_share
        self.min_area = min_area

    def transform(self, results: dict) -> dict | None:
        """Return the results, or None if no base class is in the picture."""
        if 'gt_seg_map' not in results or 'classes' not in results:
            return results
        classes, labels = results['classes'], results['gt_seg_map']
        areas = np.bincount(labels.ravel(), minlength=256)
        strange = np.flatnonzero(areas[len(classes):IGNORE]) + len(classes)
        if len(strange):
            raise ValueError(
                f'{results.get("seg_map_path", "A mask")} holds the value '
                f'{strange[0]}; with {len(classes)} classes a label is 0 to '
                f'{len(classes) - 1}, or 255 for ignored pixels.')
        if 'class_name' not in results:
            present = [c for c in results['base_classes']
                       if areas[classes.index(c)] >= self.min_area]
            absent = [c for c in results['base_classes']
                      if not areas[classes.index(c)]]
            ask_absent = absent and np.random.rand() < self.absent_share
            candidates = absent if ask_absent else present
            if not candidates:
                return None
            results['class_name'] = candidates[np.random.randint(
                len(candidates))]
        label = classes.index(results['class_name'])
        mask = (labels == label).astype(np.uint8)
        mask[labels == IGNORE] = IGNORE
        mask[np.isin(labels, results['ignored_labels'])] = IGNORE
        results['gt_seg_map'] = mask
        return results

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(absent_share={self.absent_share}, '
                f'min_area={self.min_area})')
