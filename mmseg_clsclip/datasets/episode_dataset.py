"""Episodes: a picture, one class name, a binary mask; from any data set."""

import os
from collections.abc import Callable, Sequence

import numpy as np
from mmengine.dataset import BaseDataset, Compose
from mmengine.fileio import LocalBackend, get_file_backend
from mmseg.registry import DATASETS, TRANSFORMS
from torch.utils.data import Dataset

from ..utils.files import require_files
from ..utils.keys import CLASS_NAME, NOVEL_CLASSES, PROTOCOL, Protocol
from ..utils.log import warn
from ..utils.messages import first_few
from .arguments import check_area, check_seed, check_suffixes, is_whole
from .episode_lists import picture_id, read_lists
from .masks import check_classes, check_mask, check_use, eligible_labels, is_background
from .transforms.checked_load_annotations import (
    CheckedLoadAnnotations,
    SizedLoadAnnotations,
    replace_loaders,
)

NOVEL_HANDLING = ('drop_image', 'background', 'ignore')


def wrapped(dataset: Dataset) -> list[Dataset]:
    """What one of mmengine's wrappers is around; nothing of a plain one."""
    for name in ('_dataset', 'dataset'):  # the former forwards all else
        if getattr(dataset, name, None) is not None:
            return [getattr(dataset, name)]
    return list(getattr(dataset, 'datasets', None) or ())


def innermost(dataset: Dataset) -> list[Dataset]:
    """The data sets inside of mmengine's wrappers."""
    return [one for inner in wrapped(dataset) for one in innermost(inner)] or [dataset]


def _test_mode(dataset: Dataset) -> bool:
    """Of what is inside.

    Raises:
        ValueError: If they differ.
    """
    first, *others = (one.test_mode for one in innermost(dataset))
    if set(others) - {first}:
        raise ValueError(
            'Of the joined data sets some have test_mode=True '
            'and some have not: set it for all or for none.'
        )
    return first


def _check_options(
    novel_handling: str,
    test_classes: str,
    unreadable: str,
    min_area: float,
    episodes: int | None,
    seed: int | None,
) -> None:
    """Arguments of :class:`EpisodeDataset` are what it says of them.

    Raises:
        ValueError: If one is not.
    """
    for name, value, known in (
        ('novel_handling', novel_handling, NOVEL_HANDLING),
        ('test_classes', test_classes, ('all', 'novel')),
        ('unreadable', unreadable, ('stop', 'skip')),
    ):
        if value not in known:
            raise ValueError(f'{name}={value!r}: one of {known}.')
    check_area(min_area)
    if episodes is not None and not is_whole(episodes, 1):
        raise ValueError(
            f'episodes={episodes!r}: at least 1, or None for every pair once.'
        )
    check_seed(seed)


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
        test_classes (str): Whether testing asks for ``'all'`` classes or for
            the ``'novel'`` ones alone.
        min_area (float): Pixels of the mask, as it is stored, that a class
            must cover.
        list_file (str | Sequence[str], optional): The eligible pairs, in one
            of the formats of :func:`read_lists`, in place of counting;
            ``min_area`` has no say then.
        episodes (int, optional): So many samples in testing, in place of each
            pair once.
        seed (int, optional): The ``episodes`` are drawn by it; without it
            they go round the list in its order.
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

    def __init__(
        self,
        dataset: dict,
        pipeline: Sequence[dict | Callable] = (),
        novel_classes: Sequence[str] | None = None,
        novel_handling: str = 'drop_image',
        test_classes: str = 'all',
        min_area: float = 1,
        list_file: str | Sequence[str] | None = None,
        episodes: int | None = None,
        seed: int | None = None,
        unreadable: str = 'stop',
    ):
        _check_options(
            novel_handling, test_classes, unreadable, min_area, episodes, seed
        )
        check_suffixes(dataset)
        self.dataset: BaseDataset = DATASETS.build(dataset)
        self.pipeline = Compose(pipeline)
        replace_loaders(self.pipeline, SizedLoadAnnotations)
        check_classes(self.dataset.metainfo.get('classes'), type(self.dataset).__name__)
        self.novel_handling = novel_handling
        self.min_area = min_area
        self.list_file = list_file
        self.test_mode = _test_mode(self.dataset)
        self._resolve_classes(novel_classes, test_classes)
        self._loader = CheckedLoadAnnotations()

        every = list(range(len(self.dataset)))
        if unreadable == 'skip':
            every = self._readable(every)
        self.samples, how = self._list_samples(every)
        self._check_files()
        self._check_use()
        if not self.samples:
            raise ValueError(
                f'No sample is left of {len(self.dataset)} pictures with '
                f'min_area={min_area} and novel_handling={novel_handling!r}.'
            )
        how['pairs'] = len(self.samples)
        how['episodes'] = self._draw_episodes(episodes, seed)
        self._metainfo = dict(
            self.dataset.metainfo,
            novel_classes=self.novel_classes,
            base_classes=self.base_classes,
            protocol=Protocol(
                **{
                    'dataset': type(self.dataset).__name__,
                    **self.dataset.metainfo.get(PROTOCOL, {}),
                    'novel_handling': novel_handling,
                    **how,
                }
            ),
        )

    def _resolve_classes(self, novel: Sequence[str] | None, asked: str) -> None:
        """Which classes are novel, which are base, which are asked for.

        Args:
            novel (Sequence[str], optional): ``novel_classes``.
            asked (str): ``test_classes``.

        Raises:
            ValueError: If a novel class is not in the data set.
        """
        meta = self.dataset.metainfo
        classes = meta['classes']
        if novel is None:
            novel = meta.get(NOVEL_CLASSES, ())
        if isinstance(novel, str):
            raise ValueError(
                f'novel_classes={novel!r} is one text: write a list, [{novel!r}].'
            )
        unknown = sorted(str(name) for name in novel if name not in classes)
        if unknown:
            raise ValueError(
                f'novel_classes: {unknown} are not in '
                f'the data set, whose classes are {classes}.'
            )
        self.novel_classes = tuple(novel)
        self.base_classes = tuple(
            c for c in classes if c not in novel and not is_background(c)
        )
        self._novel_labels = [classes.index(c) for c in novel]
        names = self.base_classes
        if self.test_mode:
            names = (
                novel
                if asked == 'novel'
                else [c for c in classes if not is_background(c)]
            )
        self._asked_labels = [classes.index(c) for c in names]

    def _draw_episodes(self, episodes: int | None, seed: int | None) -> str:
        """Take so many samples in testing; returns what was done."""
        if episodes is None:
            return 'every pair once'
        if self.test_mode:
            pairs = len(self.samples)
            picks = (
                np.arange(episodes) % pairs
                if seed is None
                else (np.random.RandomState(seed).randint(pairs, size=episodes))
            )
            self.samples = [self.samples[i] for i in picks]
        return f'{episodes}, ' + ('in order' if seed is None else f'seed {seed}')

    def _check_use(self) -> None:
        """Masks agree with the names.

        Raises:
            ValueError: If not, see :func:`check_use`.
        """
        classes = self.dataset.metainfo['classes']
        indices = dict(self.samples) or range(len(self.dataset))
        for reduced in {
            getattr(part, 'reduce_zero_label', False)
            for part in innermost(self.dataset)
        }:
            check_use(
                classes,
                map(self._areas, indices),
                bool(reduced),
                self.dataset.get_data_info(next(iter(indices)))['seg_map_path'],
                () if self.test_mode else self.novel_classes,
            )

    @property
    def metainfo(self) -> dict:
        """The inner one with novel_classes, base_classes and protocol."""
        return dict(self._metainfo)

    def _areas(self, index: int) -> np.ndarray:
        """Pixels of every label (256,) in the picture's mask."""
        info = self.dataset.get_data_info(index)
        path = info['seg_map_path']
        try:
            labels = self._loader(info)['gt_seg_map']
        except FileNotFoundError:
            self._check_files()
            raise
        return check_mask(labels, path, len(self.dataset.metainfo['classes']))

    def _list_samples(self, every: list[int]) -> tuple[list[tuple], dict]:
        """Samples, and what the protocol says of them.

        Returns:
            tuple[list, dict]: Pairs of a picture's index and, in testing, a
            label; in training the labels that may be drawn, None for all base
            classes.
        """
        if self.list_file is not None:
            pairs, how = self._listed_pairs(every)
            if not self.test_mode and self.novel_handling != 'drop_image':
                self._check_list_is_full(pairs)
        else:
            how = dict(list=f'at least {self.min_area} pixels')
            dropped = [] if self.test_mode else self._novel_labels
            if self.novel_handling != 'drop_image':
                dropped = []
            if not (self.test_mode or dropped or self.min_area > 1):
                return [(i, None) for i in every], how
            pairs = [
                (i, k)
                for i in every
                for k in eligible_labels(
                    self._areas(i), self._asked_labels, dropped, self.min_area
                )
            ]
        if self.test_mode:
            return pairs, how
        labels: dict[int, list[int]] = {}
        for i, k in pairs:
            labels.setdefault(i, []).append(k)
        return list(labels.items()), how

    def _listed_pairs(self, every: list[int]) -> tuple[list[tuple], dict]:
        """What ``list_file`` says, checked against the data set.

        Raises:
            ValueError: If its pictures or classes are not the data set's.
        """
        listed, form = read_lists(self.list_file)
        files = (
            [self.list_file]
            if isinstance(self.list_file, (str, os.PathLike))
            else self.list_file
        )
        index, twice = {}, set()
        for i in range(len(self.dataset)):
            name = picture_id(self.dataset.get_data_info(i)['img_path'])
            if name in index:
                twice.add(name)
            index[name] = i
        twice = sorted(twice & {name for name, _ in listed})
        if twice:
            raise ValueError(
                f'{first_few(files)} names pictures by their file names, and '
                f'several are called {first_few(twice)}. Give them names of their '
                'own, or do without a list: the pairs are counted then.'
            )
        missing = sorted({name for name, _ in listed if name not in index})
        if missing:
            raise ValueError(
                f'{first_few(files)}: {len(missing)} of '
                f'{len({n for n, _ in listed})} ids are not among the '
                f'{len(index)} pictures of the data set: {first_few(missing)}. '
                'Check data_root and data_prefix, or take the list of this '
                'split.'
            )
        found = {label for _, label in listed}
        wrong = sorted(found - set(self._asked_labels))
        if wrong:
            raise ValueError(
                f'{first_few(files)} asks for the labels '
                f'{first_few(wrong)}, but here '
                f'{"testing" if self.test_mode else "training"} asks for '
                f'{first_few(self._asked_labels, 20)}: it is '
                'the list of another fold or split.' + self._explain_labels(found)
            )
        kept = set(every)
        return [
            (index[name], label) for name, label in listed if index[name] in kept
        ], dict(list=f'file ({form})', list_files=[os.path.basename(f) for f in files])

    def _check_list_is_full(self, pairs: list[tuple]) -> None:
        """Warn if a list seems to leave out pictures of novel classes."""
        pictures = list(dict.fromkeys(i for i, _ in pairs))[:200]
        if self._novel_labels and not any(
            self._areas(i)[self._novel_labels].any() for i in pictures
        ):
            warn(
                f'None of the first {len(pictures)} pictures of '
                f'{self.list_file} holds a novel class, so '
                f'novel_handling={self.novel_handling!r} has nothing to '
                'handle. Was the list made with drop_image? '
                'tools/dataset_converters/ have --novel-handling.'
            )

    def _explain_labels(self, labels: set[int]) -> str:
        """What a subclass can say of the labels of a list that is refused."""
        return ''

    def _check_files(self) -> None:
        """Every picture and mask of the samples is there.

        Raises:
            FileNotFoundError: With how many are missing and the first few.
        """
        samples = getattr(self, 'samples', None)
        indices = range(len(self.dataset)) if samples is None else dict(samples)
        infos = [self.dataset.get_data_info(i) for i in indices]
        for key, what in (('img_path', 'pictures'), ('seg_map_path', 'masks')):
            paths = [info.get(key) for info in infos]
            # Only local files are cheap to look for.
            if (
                paths
                and paths[0] is not None
                and isinstance(get_file_backend(paths[0]), LocalBackend)
            ):
                require_files(
                    paths, what, 'Check data_root and data_prefix of the data set.'
                )

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
            warn(
                f'{len(bad)} pictures cannot be read and are left out: '
                f'{first_few(bad)}.'
            )
        return good

    def full_init(self) -> None:
        """Done already; there for mmengine's Runner."""

    def __len__(self) -> int:
        return len(self.samples)

    def get_data_info(self, idx: int) -> dict:
        """The inner entry and what :class:`MakeEpisode` needs to know."""
        index, asked = self.samples[idx]
        classes = self.metainfo['classes']
        info = self.dataset.get_data_info(index)
        info.update(sample_idx=idx, classes=classes, base_classes=self.base_classes)
        if self.test_mode:
            info[CLASS_NAME] = classes[asked]
            return info
        if asked is not None:
            info['candidates'] = [classes[k] for k in asked]
        if self.novel_handling == 'ignore':
            info['ignored_labels'] = self._novel_labels
        elif self.novel_handling == 'drop_image':
            info['dropped_labels'] = self._novel_labels
        return info

    def __getitem__(self, idx: int) -> dict:
        """The sample; in training another one if nothing of it is left.

        Raises:
            RuntimeError: If a sample cannot be prepared, or a thousand
                pictures give none.
        """
        for _ in range(1000):
            info = self.get_data_info(idx)
            path = info['img_path']
            try:
                data = self.pipeline(info)
            except Exception as error:
                raise RuntimeError(
                    f'{path} could not be prepared: {error} (If it is the '
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
