"""The plain data sets inside a config, whatever is wrapped around them."""

from collections.abc import Iterator
from dataclasses import dataclass

from mmengine.dataset import BaseDataset
from mmseg.registry import DATASETS

from ..datasets import EpisodeDataset
from ..datasets.dataset_files import no_picture
from ..datasets.episode_lists import picture_id, read_lists
from ..datasets.folds import FoldDataset, fill_in
from ..datasets.suffix_check import check_suffixes
from ..utils.keys import NOVEL_CLASSES
from ..utils.registered_class import registered_class


@dataclass
class PlainDataset:
    """A plain data set.

    Attributes:
        dataset (BaseDataset): Built, with a path of picture and mask an
            entry.
        novel (tuple[str]): Names that training must not see.
        episodes (bool): Whether it is asked class by class.
        listed (set[str], optional): The pictures that a list of episodes
            names; None for all.
    """

    dataset: BaseDataset
    novel: tuple[str, ...]
    episodes: bool
    listed: set[str] | None

    def infos(self) -> list[dict]:
        """Return the entries that are used."""
        infos = map(self.dataset.get_data_info, range(len(self.dataset)))
        return [
            info
            for info in infos
            if self.listed is None or picture_id(info['img_path']) in self.listed
        ]


def build_plain_datasets(
    cfg: dict,
    novel: tuple[str, ...] | None = None,
    episodes: bool = False,
    listed: set[str] | None = None,
) -> Iterator[PlainDataset]:
    """Build the plain data sets of a config; nothing is read yet.

    Args:
        cfg (dict): Of a data set: plain, in wrappers of mmengine
            (``dataset``, ``datasets``) or of ours.
        novel (tuple[str], optional): What a wrapper says; None leaves it to
            the metainfo.
        episodes (bool): Whether a wrapper asks class by class.
        listed (set[str], optional): Pictures that a wrapper names.

    Raises:
        ValueError: If one has no picture or is none that mmseg can read.
        Exception: Whatever a data set raises that cannot be built.
    """
    kind = registered_class(DATASETS, cfg, 'dataset')
    if issubclass(kind, EpisodeDataset):
        novel = cfg.get(NOVEL_CLASSES, novel)
        episodes = True
        list_file = cfg.get('list_file')
        if issubclass(kind, FoldDataset):
            keys = {key: cfg[key] for key in ('fold', 'split') if key in cfg}
            list_file = fill_in(list_file, **keys)
        if list_file is not None:
            listed = {name for name, _ in read_lists(list_file)[0]}
    inner = cfg.get('datasets') or [cfg.get('dataset')]
    if issubclass(kind, FoldDataset):
        inner = [
            kind.plain(
                **{
                    key: cfg[key]
                    for key in (
                        'fold',
                        'split',
                        'data_root',
                        'data_prefix',
                        'ann_file',
                        'list_file',
                    )
                    if key in cfg
                }
            )
        ]
    if inner[0] is not None:
        for part in inner:
            yield from build_plain_datasets(part, novel, episodes, listed)
        return
    check_suffixes(cfg)
    # Its pipeline is not used. mmengine cannot serialize what is empty.
    cfg = {k: v for k, v in cfg.items() if k != 'pipeline'}
    dataset = DATASETS.build(dict(cfg, serialize_data=False))
    if not isinstance(dataset, BaseDataset):
        raise ValueError(
            f'{kind.__name__} is no data set of mmengine, so '
            'nobody can say where its files lie.'
        )
    dataset.full_init()
    if not len(dataset):
        raise no_picture(
            kind.__name__,
            getattr(dataset, 'img_suffix', '?'),
            dataset.data_prefix.get('img_path'),
        )
    if not dataset.metainfo.get('classes'):
        raise ValueError(
            f'{kind.__name__} has no classes: write metainfo='
            "dict(classes=['background', 'cat', ...])."
        )
    if novel is None:
        novel = dataset.metainfo.get(NOVEL_CLASSES, ())
    yield PlainDataset(dataset, tuple(novel), episodes, listed)
