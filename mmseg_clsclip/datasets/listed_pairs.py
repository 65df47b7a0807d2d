"""The pairs of a list of episodes, found in a data set."""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset

from mmseg_clsclip_cli.messages import first_few

from ..utils.log import warn
from .episode_lists import picture_id, read_lists


class ListedPairs(NamedTuple):
    """What a list asks for.

    Attributes:
        pairs (list[tuple[int, int]]): Index of a picture in the data set, and
            label.
        form (str): Name of the list's format.
        files (list[str]): Names of its files, without folders.
    """

    pairs: list[tuple[int, int]]
    form: str
    files: list[str]


def find_listed_pairs(
    list_file: str | Sequence[str],
    dataset: BaseDataset,
    asked_labels: Collection[int],
    use: str,
    explain_labels: Callable[[set[int]], str],
) -> ListedPairs:
    """Find the pictures of a list in a data set.

    Args:
        list_file (str | Sequence[str]): See :func:`read_lists`.
        dataset (BaseDataset): Built.
        asked_labels (Collection[int]): Labels that may be asked for.
        use (str): ``'testing'`` or ``'training'``, for the message.
        explain_labels (Callable): Says more about labels that may not.

    Raises:
        ValueError: If its pictures or classes are not the data set's.
    """
    listed, form = read_lists(list_file)
    files = [list_file] if isinstance(list_file, (str, os.PathLike)) else list_file
    index = _index_pictures(dataset, {name for name, _ in listed}, files)
    labels = {label for _, label in listed}
    wrong = sorted(labels.difference(asked_labels))
    if wrong:
        raise ValueError(
            f'{first_few(files)} asks for the labels {first_few(wrong)}, but here '
            f'{use} asks for {first_few(asked_labels, 20)}: it is the list of another '
            'fold or split.' + explain_labels(labels)
        )
    return ListedPairs(
        [(index[name], label) for name, label in listed],
        form,
        [os.path.basename(file) for file in files],
    )


def _index_pictures(
    dataset: BaseDataset, listed: set[str], files: Sequence[str]
) -> dict[str, int]:
    """Return the indices of all pictures by their ids.

    Raises:
        ValueError: If a listed one is missing, or one of several.
    """
    index, twice = {}, set()
    for i in range(len(dataset)):
        name = picture_id(dataset.get_data_info(i)['img_path'])
        if name in index:
            twice.add(name)
        index[name] = i
    if twice & listed:
        raise ValueError(
            f'{first_few(files)} names pictures by their file names, and '
            f'several are called {first_few(sorted(twice & listed))}. Give them '
            'names of their own, or do without a list: the pairs are counted then.'
        )
    missing = sorted(listed.difference(index))
    if missing:
        raise ValueError(
            f'{first_few(files)}: {len(missing)} of {len(listed)} ids are not among '
            f'the {len(index)} pictures of the data set: {first_few(missing)}. '
            'Check data_root and data_prefix, or take the list of this split.'
        )
    return index


def check_novel_pixels(
    list_file: str | Sequence[str],
    masks: Iterable[np.ndarray],
    novel_labels: Sequence[int],
    novel_handling: str,
) -> None:
    """Warn if a training's list seems to leave out pictures of novel classes.

    Args:
        list_file (str | Sequence[str]): For the message.
        masks (Iterable[np.ndarray]): Pixels of every label (256,) in the first
            of its pictures' masks.
        novel_labels (Sequence[int]): Labels of novel classes.
        novel_handling (str): What becomes of their pixels.
    """
    number = 0
    for areas in masks:
        if areas[novel_labels].any():
            return
        number += 1
    warn(
        f'None of the first {number} pictures of {list_file} holds a novel '
        f'class, so novel_handling={novel_handling!r} has nothing to handle. '
        'Was the list made with drop_image? tools/dataset_converters/ have '
        '--novel-handling.'
    )
