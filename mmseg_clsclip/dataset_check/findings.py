"""Findings in words: how bad, how many, which files, what to do."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mmseg_clsclip_cli.find_images import SUFFIXES

from ..datasets.masks import IGNORE, is_background, misread
from .read_pair import Pair


@dataclass
class Finding:
    """One thing that is wrong.

    Attributes:
        level (str): ``'error'`` if training or its figures would be wrong,
            ``'warning'`` if it may be meant so.
        what (str): In words.
        hint (str): What to do.
        items (list[str]): The files or classes.
    """

    level: str
    what: str
    hint: str = ''
    items: list[str] = field(default_factory=list)


# Of a picture or its mask: level, words, what to do.
KINDS = {
    'no picture': (
        'error',
        'pictures do not exist',
        'Mend data_root, data_prefix.img_path or img_suffix, or '
        'take the names out of ann_file.',
    ),
    'no mask': (
        'error',
        'pictures have no mask',
        'The mask of a/b.jpg is a/b.png below '
        'data_prefix.seg_map_path; mend that or seg_map_suffix, or '
        'list the pictures that have one in ann_file.',
    ),
    'unreadable': (
        'error',
        'files cannot be read',
        "Copy them again; unreadable='skip' of EpisodeDataset "
        'leaves broken pictures out, not masks.',
    ),
    'size': (
        'error',
        "masks are not of their picture's size",
        'Draw the mask on the picture at its own size; a photograph that '
        'its EXIF data turn counts as turned.',
    ),
    'colour': (
        'error',
        'masks are no index maps',
        'A mask has one channel of whole numbers, the labels; a PNG '
        'with a palette is fine. Convert colours to labels first.',
    ),
    'lossy': (
        'error',
        'masks are JPEG files',
        'JPEG changes labels; save masks as PNG.',
    ),
    'wide': (
        'error',
        'masks have values above 255',
        'mmseg keeps 8 bits, 256 becomes 0; use the labels 0 to 254 and '
        '255 for ignored pixels.',
    ),
    'lost': (
        'error',
        'masks have values that are no whole number from 0 up',
        'mmseg keeps 8 bits and cuts off what is behind the point; use '
        'the labels 0 to 254 and 255 for ignored pixels.',
    ),
    '16 bits': (
        'warning',
        'masks have 16 or 32 bits a pixel',
        'All values fit 8 bits and are read right; 8 bits are smaller.',
    ),
    'deep': (
        'warning',
        'pictures have 16 or 32 bits a channel',
        'OpenCV keeps the upper 8 of 16, of which 12 that are in use leave a nearly '
        'black picture. Scale them to 8.',
    ),
    'values': ('error', 'masks hold values that are no label', ''),
    'empty': (
        'warning',
        'masks are empty (background or ignored alone)',
        'No class is learnt or tested there.',
    ),
}


def _values_hint(pairs: Sequence[Pair], classes: Sequence[str], reduced: bool) -> str:
    """Say which values there are, how often, and where they may come from."""
    num_classes = len(classes)
    strange = Counter()
    for pair in pairs:
        strange.update(pair.strange)
    counts = '; '.join(
        f'{value}: {pixels} pixels' for value, pixels in sorted(strange.items())[:10]
    )
    more = f'; {len(strange) - 10} more' if len(strange) > 10 else ''
    hint = (
        f'{counts}{more}. With {num_classes} classes a label is 0 to '
        f'{num_classes - 1}, or 255 for ignored pixels.'
    )
    no_zero = not any(p.areas[0] for p in pairs if p.areas is not None)
    if set(strange) == {num_classes} and not reduced and no_zero:
        hint += (
            ' The masks seem to count from 1: write '
            'reduce_zero_label=True, which ignores 0.'
        )
    elif reduced or min(strange) > IGNORE:
        pass
    elif is_background(classes[0]):
        hint += ' If a class is missing in the names, add it.'
    else:
        hint += (
            ' If 0 means "not labelled" and the first class is 1, write '
            'reduce_zero_label=True; if a class is missing in the '
            'names, add it.'
        )
    return hint


def check_files(
    pairs: Sequence[Pair], classes: Sequence[str], reduced: bool
) -> list[Finding]:
    """Check the pictures and masks of a data set.

    Args:
        pairs (Sequence[Pair]): All of its pictures.
        classes (Sequence[str]): Its names.
        reduced (bool): Whether it has ``reduce_zero_label``.
    """
    items: dict[str, list[str]] = {}
    classed = [k for k, name in enumerate(classes) if not is_background(name)]
    for pair in pairs:
        for kind, file in pair.problems:
            items.setdefault(kind, []).append(file)
        if pair.areas is not None and not (pair.strange or pair.areas[classed].any()):
            items.setdefault('empty', []).append(pair.picture)
    findings = []
    for kind, (level, what, hint) in KINDS.items():
        if kind in items:
            if kind == 'values':
                hint = _values_hint(pairs, classes, reduced)
            findings.append(Finding(level, what, hint, items[kind]))
    return findings


def check_labels(
    classes: Sequence[str],
    novel: Sequence[str],
    areas: np.ndarray,
    reduced: bool,
    split: str,
) -> list[Finding]:
    """Check the labels of all masks against the names.

    Args:
        classes (Sequence[str]): Of the data set.
        novel (Sequence[str]): Which of them training must not see.
        areas (np.ndarray): Pixels of each label (256,).
        reduced (bool): Whether it has ``reduce_zero_label``.
        split (str): In ``'train'`` a novel class need not occur.
    """
    level, hint = misread(classes, areas, reduced, novel if split == 'train' else ())
    return (
        [Finding(level, 'labels and names do not belong together', hint)]
        if level
        else []
    )


def check_folders(dataset) -> list[Finding]:
    """Find files that no entry of mmseg's ``BaseSegDataset`` names.

    Args:
        dataset: Built. Where its folders are not local ones, or it has none,
            nothing is found.
    """
    folder, masks = (
        dataset.data_prefix.get(key) or '' for key in ('img_path', 'seg_map_path')
    )
    suffixes = [getattr(dataset, key, None) for key in ('img_suffix', 'seg_map_suffix')]
    if not (os.path.isdir(folder) and os.path.isdir(masks) and all(suffixes)):
        return []
    looked_at, mask_suffix = suffixes
    lonely = [
        path
        for path in _files(masks)
        if path.endswith(mask_suffix)
        and not (folder == masks and path.endswith(looked_at))
        and not os.path.isfile(
            os.path.join(folder, os.path.relpath(path, masks))[: -len(mask_suffix)]
            + looked_at
        )
    ]
    overlooked = [
        path
        for path in _files(folder)
        if path.lower().endswith(SUFFIXES)
        and not path.endswith(looked_at)
        and not (folder == masks and path.endswith(mask_suffix))
    ]
    return [
        Finding(level, what, hint, items)
        for level, what, hint, items in (
            (
                'warning',
                'masks have no picture',
                f'A picture ends in {looked_at!r}, as img_suffix says.',
                lonely,
            ),
            (
                'warning',
                'pictures are not looked at',
                f'They do not end in {looked_at!r}; mend img_suffix, or convert '
                'them: one data set, one suffix (ConcatDataset joins two).',
                overlooked,
            ),
        )
        if items
    ]


def _files(folder: str) -> list[str]:
    """Return all files below a folder, sorted."""
    return sorted(
        os.path.join(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
    )


def check_names(
    classes: Sequence[str], novel: Sequence[str], areas: np.ndarray, split: str
) -> list[Finding]:
    """Check the names of classes.

    Args:
        classes (Sequence[str]): Of the data set.
        novel (Sequence[str]): Which of them training must not see.
        areas (np.ndarray): Pixels of each label (256,).
        split (str): In ``'train'`` a novel class need not occur.
    """
    count = Counter(name.strip().lower() for name in classes)
    twice = [name for name, number in count.items() if number > 1]
    unknown = [name for name in novel if name not in classes]
    absent = [
        name
        for label, name in enumerate(classes)
        if not areas[label] and not (split == 'train' and name in novel)
    ]
    return [
        Finding(level, what, hint, items)
        for level, what, hint, items in (
            (
                'error',
                'classes are listed twice',
                'A pixel could not tell them apart; names differ by more than '
                'capitals.',
                twice,
            ),
            (
                'error',
                'new classes are not among the names',
                f'The names are {", ".join(classes)}.',
                unknown,
            ),
            (
                'warning',
                'classes never occur',
                'The label of a class is its place in the list of names, from '
                '0; is the order that of the masks?',
                absent,
            ),
        )
        if items
    ]
