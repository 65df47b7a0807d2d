"""What PASCAL-5i and COCO-20i have in common: four folds, two splits."""

import os
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_type_hints

from mmseg.datasets import BaseSegDataset

from ..utils.arguments import check_values
from ..utils.keys import DatasetMeta, Protocol
from .arguments import Area, Fold
from .episode_dataset import EpisodeDataset

NUM_FOLDS = 4
Split = Literal['train', 'val']


def fill_in(list_file: Any, fold: int = 0, split: str = 'val') -> Any:
    """Put a fold and a split into the names of lists.

    Args:
        list_file (str | Sequence[str], optional): See :class:`FoldDataset`.
        fold (int): In the place of ``{fold}``.
        split (str): In the place of ``{split}``.
    """
    match list_file:
        case list() | tuple():
            return [fill_in(path, fold=fold, split=split) for path in list_file]
        case str() | os.PathLike():
            # Other braces may stand in a folder's name.
            name = os.fspath(list_file)
            return name.replace('{split}', str(split)).replace('{fold}', str(fold))
    return list_file


class FoldDataset(EpisodeDataset):
    """Episodes of a data set whose classes are in four folds.

    The split ``'train'`` asks for the base classes of a fold, ``'val'`` for
    its novel ones. Subclasses say what the data set is.

    Args:
        fold (int): Which classes are novel, 0 to 3.
        split (str): ``'train'`` or ``'val'``.
        data_root (str, optional): Where the data set lies; its own default
            if None.
        data_prefix (dict, optional): Folders of pictures and masks below it.
        ann_file (str, optional): A file below it with an id a line; None for
            the split's own. It has no say where there is a ``list_file``.
        pipeline (Sequence[dict]): See :class:`EpisodeDataset`.
        min_area (float): Pixels of the mask, as it is stored. Defaults to
            2048, that is 2 * 32 * 32 (PFENet, BAM and all after them).
        test_classes (str): Defaults to ``'novel'``.
        list_file (str | Sequence[str], optional): See
            :class:`EpisodeDataset`; ``{split}`` and ``{fold}`` in it are
            those of the data set.
        kwargs: Of :class:`EpisodeDataset`.

    Raises:
        ValueError: If there is no such fold or split.
        FileNotFoundError: If ``data_root`` or a part of it does not exist.
    """

    NAME: str
    META: dict  # classes, the background first, and palette
    DATA_ROOT: str
    DATA_PREFIX: dict  # with {split} in it
    ANN_FILE: str
    ASKS_FOR = 'novel'

    def __init__(
        self,
        fold: Fold = 0,
        split: Split = 'val',
        data_root: str | None = None,
        data_prefix: dict[str, str] | None = None,
        ann_file: str | None = None,
        pipeline: Sequence[dict | Callable] = (),
        min_area: Area = 2048,
        test_classes: Literal['all', 'novel', 'base'] = 'novel',
        list_file: str | Sequence[str] | None = None,
        **kwargs,
    ):
        inner = self.plain(fold, split, data_root, data_prefix, ann_file, list_file)
        super().__init__(
            inner,
            pipeline,
            min_area=min_area,
            test_classes=test_classes,
            list_file=fill_in(list_file, fold=fold, split=split),
            **kwargs,
        )

    @classmethod
    def plain(
        cls,
        fold: Fold = 0,
        split: Split = 'val',
        data_root: str | None = None,
        data_prefix: dict[str, str] | None = None,
        ann_file: str | None = None,
        list_file: str | Sequence[str] | None = None,
    ) -> dict:
        """Return the config of the data set inside; the arguments are the class's.

        Raises:
            ValueError: If there is no such fold or split, or a path is none.
            FileNotFoundError: If ``data_root`` or a part of it does not exist.
        """
        check_values(
            cls.__name__,
            dict(
                fold=fold,
                split=split,
                data_root=data_root,
                data_prefix=data_prefix,
                ann_file=ann_file,
            ),
            get_type_hints(cls.plain, include_extras=True),
        )
        data_root = cls.DATA_ROOT if data_root is None else data_root
        data_prefix = {
            **{key: part.format(split=split) for key, part in cls.DATA_PREFIX.items()},
            **(data_prefix or {}),
        }
        protocol = Protocol(dataset=cls.NAME, fold=fold, split=split)
        usual = cls.ANN_FILE.format(split=split)
        if list_file is not None:
            ann_file = ''  # every picture there is; the list has the say
        elif ann_file is None:
            ann_file = usual
        elif ann_file != usual:
            protocol['pictures_of'] = ann_file
        for part in ('', ann_file, *data_prefix.values()):
            path = os.path.join(data_root, part)
            if not os.path.exists(path):
                raise FileNotFoundError(
                    f'{path} does not exist. Say where {cls.NAME} lies by '
                    '`data_root` of the data set, for instance --cfg-options '
                    'test_dataloader.dataset.data_root=/data/....'
                )
        classes = cls.META['classes']
        return dict(
            type=BaseSegDataset,
            data_root=data_root,
            data_prefix=data_prefix,
            ann_file=ann_file,
            test_mode=split == 'val',
            metainfo=DatasetMeta(
                **cls.META,
                novel_classes=tuple(classes[k] for k in cls.novel(fold)),
                protocol=protocol,
            ),
        )

    @staticmethod
    def novel(fold: int) -> list[int]:
        """Return the labels, from 1, that a fold holds out."""
        raise NotImplementedError
