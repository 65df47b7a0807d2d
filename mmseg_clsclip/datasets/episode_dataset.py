"""Episodes: a picture, one class name, a binary mask; from any data set."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Literal

import numpy as np
from mmengine.dataset import Compose
from mmseg.registry import DATASETS
from torch.utils.data import Dataset

from ..utils.arguments import Count
from ..utils.keys import (
    BASE_CLASSES,
    CLASS_NAME,
    NOVEL_CLASSES,
    PROTOCOL,
    DatasetMeta,
    Protocol,
)
from .arguments import Area, NovelHandling, Seed
from .dataset_files import build_dataset, readable_pictures, require_pairs
from .episode_classes import resolve_classes
from .episode_draws import EpisodeDraw, Way
from .listed_pairs import check_novel_pixels, find_listed_pairs
from .masks import check_classes, check_mask, check_use, eligible_labels
from .suffix_check import check_suffixes
from .transforms.checked_load_annotations import (
    CheckedLoadAnnotations,
    find_loader,
    replace_loaders,
)
from .wrappers import common_test_mode, innermost_datasets, reduces_zero_label


@DATASETS.register_module()
class EpisodeDataset(Dataset):
    """Asks for one class a picture, in whatever data set mmseg can read.

    In testing every eligible pair of a picture and a class is a sample: the
    exhaustive pass. In training a sample is a picture, and
    :class:`MakeEpisode`, which the pipeline must contain, draws one of its
    base classes. Which pairs are eligible is counted in the masks, or read
    from a list.

    ``metainfo['protocol']`` says all that a figure depends on.

    Args:
        dataset (dict): The inner data set. Its ``test_mode`` decides; its own
            pipeline is not used. Several are joined by ``ConcatDataset``.
        pipeline (Sequence[dict]): Transforms, from loading to packing. It
            stands here, where mmseg's tools look for it.
        novel_classes (Sequence[str], optional): Names that training must not
            see a mask of. None takes those in the inner metainfo, if any.
        novel_handling (str): What becomes of training pictures that hold a
            novel class: ``'drop_image'`` leaves the picture out,
            ``'background'`` calls the pixels background, ``'ignore'`` gives
            them 255.
        test_classes (str): Whether testing asks for ``'all'`` classes, for the
            ``'novel'`` alone, or, as a validation must, for the ``'base'`` alone.
        min_area (float): Pixels of the mask, as it is stored, that a class
            must cover.
        list_file (str | Sequence[str], optional): The eligible pairs, in one
            of the formats of :func:`read_lists`, in place of counting;
            ``min_area`` has no say then.
        episodes (int | str, optional): So many samples in testing, in place of
            each pair once, or a name, see :class:`EpisodeDraw`.
        seed (int, optional): The ``episodes`` are drawn by it; without it a
            number goes round the list in its order, a name has its own.
        unreadable (str): ``'stop'`` at a picture that cannot be read, or
            ``'skip'`` all such: every picture is then opened once at the
            start, and what is left out is named in the log.

    Raises:
        FileNotFoundError: If pictures or masks of samples do not exist.
        ValueError: If a novel class is not in the data set, an option is not
            one of those above, a list does not fit the data set, a mask is
            no index map, masks do not mean what the names say, or no sample
            is left.
    """

    # HSNet and LSeg draw a class and then a picture; on PASCAL-5i they do not.
    DRAWS_CLASS_FIRST = True
    # The default of test_classes, of which a protocol says nothing.
    ASKS_FOR = 'all'

    def __init__(
        self,
        dataset: dict,
        pipeline: Sequence[dict | Callable] = (),
        novel_classes: Sequence[str] | None = None,
        novel_handling: NovelHandling = 'drop_image',
        test_classes: Literal['all', 'novel', 'base'] = 'all',
        min_area: Area = 1,
        list_file: str | Sequence[str] | None = None,
        episodes: Count | Way | None = None,
        seed: Seed | None = None,
        unreadable: Literal['stop', 'skip'] = 'stop',
    ):
        check_suffixes(dataset)
        self.dataset = build_dataset(dataset)
        inner = self.dataset.metainfo
        check_classes(inner.get('classes'), type(self.dataset).__name__)
        self.pipeline = Compose(pipeline)
        replace_loaders(self.pipeline)
        # Areas are of what a sample's mask will be.
        self._loader = find_loader(self.pipeline) or CheckedLoadAnnotations()
        self.novel_handling = novel_handling
        self.min_area = min_area
        self.list_file = list_file
        self.test_mode = common_test_mode(self.dataset)
        self._draw = EpisodeDraw(episodes, seed, self.DRAWS_CLASS_FIRST)
        self._classes = resolve_classes(
            inner['classes'],
            inner.get(NOVEL_CLASSES, ()) if novel_classes is None else novel_classes,
            self.test_mode,
            test_classes,
        )
        self.novel_classes = self._classes.novel
        self.base_classes = self._classes.base

        pictures = range(len(self.dataset))
        if unreadable == 'skip':
            pictures = readable_pictures(self.dataset)
        self.samples, protocol = self._list_samples(pictures)
        require_pairs(self.dataset, dict(self.samples))
        self._check_use()
        if not self.samples:
            raise ValueError(
                f'No sample is left of {len(self.dataset)} pictures with min_area='
                f'{min_area}, novel_handling={novel_handling!r}, test_classes='
                f'{test_classes!r} and the novel classes {[*self.novel_classes]}.'
            )
        protocol['pairs'] = len(self.samples)
        protocol['episodes'] = str(self._draw)
        if self.test_mode:
            self.samples = self._draw.draw(self.samples, self._labels_in)
            if episodes is not None and test_classes != self.ASKS_FOR:
                # The draw is among them. Each pair once is the same of a class.
                protocol['test_classes'] = test_classes
        self._metainfo = self._describe(protocol)

    def _describe(self, protocol: Protocol) -> DatasetMeta:
        """Return the metainfo, of which the protocol says what samples are."""
        inner = self.dataset.metainfo
        protocol = {
            'dataset': type(self.dataset).__name__,
            **inner.get(PROTOCOL, {}),
            'novel_handling': self.novel_handling,
            **protocol,
        }
        return {
            **inner,
            NOVEL_CLASSES: self.novel_classes,
            BASE_CLASSES: self.base_classes,
            PROTOCOL: protocol,
        }

    def _check_use(self) -> None:
        """Check that masks agree with the names.

        Raises:
            ValueError: If not, see :func:`check_use`.
        """
        classes = self.dataset.metainfo['classes']
        indices = dict(self.samples) or range(len(self.dataset))
        for reduced in set(map(reduces_zero_label, innermost_datasets(self.dataset))):
            check_use(
                classes,
                map(self._areas, indices),
                reduced,
                self.dataset.get_data_info(next(iter(indices)))['seg_map_path'],
                () if self.test_mode else self.novel_classes,
            )

    @property
    def metainfo(self) -> dict:
        """Return the inner one with novel_classes, base_classes and protocol."""
        return dict(self._metainfo)

    def _areas(self, index: int) -> np.ndarray:
        """Return the pixels of every label (256,) in the picture's mask."""
        info = self.dataset.get_data_info(index)
        try:
            labels = self._loader(info)['gt_seg_map']
        except (FileNotFoundError, KeyError):
            require_pairs(self.dataset, range(len(self.dataset)))
            raise
        classes = self.dataset.metainfo['classes']
        return check_mask(labels, info['seg_map_path'], len(classes))

    def _labels_in(self, index: int) -> list[int]:
        """Return the labels that may be asked for in a picture, ascending."""
        return eligible_labels(self._areas(index), sorted(self._classes.asked_labels))

    def _list_samples(
        self, pictures: Sequence[int]
    ) -> tuple[list[tuple[int, int | list[int] | None]], Protocol]:
        """Return samples of some pictures, and what the protocol says of them.

        A sample is a picture's index and, in testing, a label; in training
        the labels that may be drawn, None for all base classes.
        """
        if self.list_file is not None:
            listed = find_listed_pairs(
                self.list_file,
                self.dataset,
                asked_labels=self._classes.asked_labels,
                use='testing' if self.test_mode else 'training',
                explain_labels=self._explain_labels,
            )
            self._draw.check_form(listed.form, self.list_file)
            kept = set(pictures)
            pairs = [(index, label) for index, label in listed.pairs if index in kept]
            protocol = Protocol(list=f'file ({listed.form})', list_files=listed.files)
            if self._classes.novel_labels and not (
                self.test_mode or self.novel_handling == 'drop_image'
            ):
                indices = dict.fromkeys(index for index, _ in pairs)
                check_novel_pixels(
                    self.list_file,
                    map(self._areas, islice(indices, 200)),
                    self._classes.novel_labels,
                    self.novel_handling,
                )
        else:
            protocol = Protocol(list=f'at least {self.min_area} pixels')
            drops = not self.test_mode and self.novel_handling == 'drop_image'
            dropped = self._classes.novel_labels if drops else []
            if not (self.test_mode or dropped or self.min_area > 1):
                return [(index, None) for index in pictures], protocol
            asked = self._classes.asked_labels
            # What draws its masks knows them without.
            count = getattr(self.dataset, 'count_labels', lambda *_: None)
            counts = count(pictures, self._loader, self.min_area <= 1)
            pairs = [
                (index, label)
                for index, areas in zip(pictures, counts or map(self._areas, pictures))
                for label in eligible_labels(areas, asked, dropped, self.min_area)
            ]
        if self.test_mode:
            return pairs, protocol
        labels: dict[int, list[int]] = {}
        for index, label in pairs:
            labels.setdefault(index, []).append(label)
        return list(labels.items()), protocol

    def _explain_labels(self, labels: set[int]) -> str:
        """Return what a subclass can say of the labels of a refused list."""
        return ''

    def full_init(self) -> None:
        """Do nothing: all is there already, and mmengine's Runner calls it."""

    def __len__(self) -> int:
        return len(self.samples)

    def get_data_info(self, idx: int) -> dict:
        """Return the inner entry and what :class:`MakeEpisode` needs to know."""
        index, asked = self.samples[idx]
        classes = self.metainfo['classes']
        info = self.dataset.get_data_info(index)
        info.update({'sample_idx': idx, 'classes': classes})
        info[BASE_CLASSES] = self.base_classes
        if self.test_mode:
            return {**info, CLASS_NAME: classes[asked]}
        if asked is not None:
            info['candidates'] = [classes[k] for k in asked]
        if self.novel_handling == 'ignore':
            info['ignored_labels'] = self._classes.novel_labels
        elif self.novel_handling == 'drop_image':
            info['dropped_labels'] = self._classes.novel_labels
        return info

    def __getitem__(self, idx: int) -> dict:
        """Return the sample; in training another one if nothing of it is left.

        Raises:
            RuntimeError: If a sample cannot be prepared, or a thousand
                pictures give none.
        """
        for _ in range(1000):
            info = self.get_data_info(idx)
            try:
                data = self.pipeline(info)
            except Exception as error:
                raise RuntimeError(
                    f'{info["img_path"]} could not be prepared: {error} (If it is the '
                    "picture that cannot be read: unreadable='skip' leaves "
                    'such out.)'
                ) from error
            if data is not None:
                return data
            if self.test_mode:
                break
            idx = np.random.randint(len(self))
        raise RuntimeError(
            'The pipeline gives no sample: after cropping no base class is '
            'left. Look at RandomCrop and at MakeEpisode.min_area.'
        )
