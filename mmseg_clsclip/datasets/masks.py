"""Labels of pixels: what a mask may hold, and which of them are asked for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from string import whitespace

import numpy as np
from PIL import Image

from mmseg_clsclip_cli.messages import first_few

from ..utils.log import warn

IGNORE = 255


def bare_name(name: str) -> str:
    """Return a name without what some write around it, in small letters."""
    return str(name).strip(f'{whitespace}_').lower()  # which may be none yet


def is_background(name: str) -> bool:
    """Return whether a name is the background; some write _background_."""
    return bare_name(name) == 'background'


def is_of_episodes(classes: Sequence[str]) -> bool:
    """Return whether labels are an episode's: one class beside the background."""
    return len(classes) == 2 and is_background(classes[0])


def lost_value(stored: np.ndarray) -> float | None:
    """Return the first value of a mask that mmseg's 8 bits do not hold.

    A mask of signed whole numbers may hold -1, which becomes 255.

    Args:
        stored (np.ndarray): As it is decoded, of any type.
    """
    with np.errstate(invalid='ignore'):
        lost = stored != stored.astype(np.uint8)
    if stored.dtype.kind == 'i':
        lost &= stored != -1
    return stored[lost][0].item() if lost.any() else None


def check_stored(stored: np.ndarray, path: str) -> None:
    """Refuse a mask of which mmseg's 8 bits change a value.

    Args:
        stored (np.ndarray): As it is decoded, of any type.
        path (str): For the message.

    Raises:
        ValueError: With the value.
    """
    value = lost_value(stored)
    if value is not None:
        raise ValueError(
            f'{path} holds the value {value:g}, and mmseg keeps 8 bits of a '
            'label, by which it would be another. Labels are whole numbers '
            'from 0 to 254, and 255 for ignored pixels: write those, 8 bits '
            'a pixel.'
        )


def _layouts(image: Image.Image) -> set[str]:
    """Return how an opened file has its pixels, whatever decoders make of them."""
    return {str(part) for tile in image.tile for part in np.ravel(tile[3])}


def is_deep(image: Image.Image) -> bool:
    """Return whether a picture has more than 8 bits a channel.

    Args:
        image (Image): Opened and not loaded, as in :func:`describe_stretch`.
    """
    return image.mode[0] in 'IF' or any(
        # 'BGR;16' has so many in all.
        ';16' in layout and layout != 'BGR;16'
        for layout in _layouts(image)
    )


def describe_stretch(image: Image.Image) -> str:
    """Return what is wrong with a grey mask of 2 or 4 bits, '' of any other.

    Args:
        image (Image): Opened and not loaded, after which Pillow has forgotten it.
    """
    layouts = _layouts(image)
    for bits, factor in (2, 85), (4, 17):
        if f'L;{bits}' in layouts:
            return (
                f'it has {bits} bits a pixel and no palette, so that decoders '
                f'multiply each label by {factor}: save it with 8 bits'
            )
    return ''


def check_classes(classes: Sequence[str] | None, what: str) -> None:
    """Refuse names by which no label can be told from another.

    Args:
        classes (Sequence[str], optional): In the order of the labels.
        what (str): The data set, for the message.

    Raises:
        ValueError: If they are no list of names, or one name alone, or one is
            there twice.
    """
    if (
        not classes
        or isinstance(classes, str)
        or not all(isinstance(name, str) for name in classes)
    ):
        raise ValueError(
            f'{what} has classes={classes!r}: write metainfo=dict(classes='
            "['background', 'cat', ...]), the k-th, from 0, the name of the "
            'label k.'
        )
    if len(classes) == 1:
        raise ValueError(
            f'{what} has the one class {classes[0]!r} and nothing beside it: '
            'each pixel is that or ignored, and no figure says whether it is '
            f"found. Write classes=['background', {classes[0]!r}], have 0 and "
            '1 in the masks, and leave out reduce_zero_label.'
        )
    twice = [name for name, number in Counter(classes).items() if number > 1]
    if twice:
        labels = [k for k, name in enumerate(classes) if name == twice[0]]
        raise ValueError(
            f'{what} has the class {twice[0]!r} as labels {first_few(labels)}: by '
            'its name neither can be told from the other. Give each a name of its '
            'own, or both one label, by label_map.'
        )


def check_mask(labels: np.ndarray, path: str, num_classes: int) -> np.ndarray:
    """Return pixels of every label in a mask, which must be an index map.

    Args:
        labels (np.ndarray): (H, W) integers; mmseg squeezes a single row.
        path (str): For the message.
        num_classes (int): Labels are 0 to ``num_classes - 1`` or 255.

    Returns:
        np.ndarray: (256,) int64.

    Raises:
        ValueError: If it is a colour picture or holds another value.
    """
    if labels.ndim > 2:
        raise ValueError(
            f'{path} is a colour picture {labels.shape}; a mask is an index '
            'map (H, W) whose values are the labels, such as the PNG files of '
            'SegmentationClassAug. Convert the colours to labels first.'
        )
    if labels.dtype.kind == 'f' or labels.min(initial=0) < 0:
        check_stored(labels, path)
        labels = labels.astype(np.uint8)
    areas = np.bincount(labels.ravel(), minlength=256)
    strange = np.flatnonzero(areas[num_classes:IGNORE]) + num_classes
    strange = [*strange, *(np.flatnonzero(areas[256:]) + 256)]
    if strange:
        raise ValueError(
            f'{path} holds the value {strange[0]}; with {num_classes} classes '
            f'a label is 0 to {num_classes - 1}, or 255 for ignored pixels.'
        )
    return areas


def _telling(classes: Sequence[str], reduced: bool) -> list[int]:
    """Return labels that are of a class and not what masks are filled with."""
    return [
        k
        for k, name in enumerate(classes)
        if not is_background(name) and (k or reduced)
    ]


def _may_be_shifted(
    classes: Sequence[str], reduced: bool, novel: Sequence[str]
) -> bool:
    """Return whether labels may be one too low; the last one's pixels tell."""
    return reduced and is_background(classes[0]) and classes[-1] not in novel


def misread(
    classes: Sequence[str], areas: np.ndarray, reduced: bool, novel: Sequence[str] = ()
) -> tuple[str, str]:
    """Return what the labels of all masks together say against the names.

    Args:
        classes (Sequence[str]): In the order of the labels.
        areas (np.ndarray): Pixels of every label (256,) in all masks.
        reduced (bool): Whether the data set has ``reduce_zero_label``.
        novel (Sequence[str]): Classes that need not be in the masks.

    Returns:
        tuple[str, str]: ``'error'``, or ``'warning'`` where it may be meant
        so, and a sentence; two empty texts if they agree.
    """
    ignored, last = areas[IGNORE], len(classes) - 1
    telling, first = _telling(classes, reduced), is_background(classes[0])
    if ignored and telling and not areas[telling].any():
        zero = '255 is ignored, and no class'
        if reduced:
            zero = (
                'reduce_zero_label=True ignores 0, and 255 is ignored '
                'anyway' + ': leave it out' * first
            )
        # Where 0 is a class of its own, it may be the only one.
        return 'error' if first or not areas[0] else 'warning', (
            f'No mask shows a class: {100 * ignored / areas.sum():.0f} % of '
            f'the pixels are ignored, and all others 0. {zero}; write '
            f'{telling[0] + (reduced and not first)} for '
            f'{classes[telling[0]]!r}.'
        )
    if ignored and not areas[last] and _may_be_shifted(classes, reduced, novel):
        # If little is ignored the last class may merely be rare.
        return 'error' if 2 * ignored >= areas.sum() else 'warning', (
            'reduce_zero_label=True ignores 0 and makes 1 the label of the '
            f'first name, {classes[0]!r}, and no mask holds {last + 1}, which '
            f'would be {classes[last]!r}: it seems that 0 is the background, '
            'and every class has the pixels of another. Leave out '
            'reduce_zero_label.'
        )
    return '', ''


def check_use(
    classes: Sequence[str],
    masks: Iterable[np.ndarray],
    reduced: bool,
    example: str,
    novel: Sequence[str] = (),
    at_least: int = 1,
) -> None:
    """Look at masks until one agrees with the names, or none is left.

    Args:
        classes (Sequence[str]): In the order of the labels.
        masks (Iterable[np.ndarray]): Pixels of every label (256,) in each;
            read one after the other.
        reduced (bool): Whether the data set has ``reduce_zero_label``.
        example (str): A file with such a mask, for the message.
        novel (Sequence[str]): Classes that need not be in the masks.
        at_least (int): How many are read in any case.

    Raises:
        ValueError: If all of them speak against the names; where that may
            be meant so, it is logged as a warning.
    """
    total, number = np.zeros(256, np.int64), 0
    for number, areas in enumerate(masks, 1):
        total += areas
        if (
            number >= at_least
            and total[_telling(classes, reduced)].any()
            and (
                total[len(classes) - 1] or not _may_be_shifted(classes, reduced, novel)
            )
        ):
            return
    level, sentence = misread(classes, total, reduced, novel)
    sentence += f' One of {number} such masks is {example}.'
    if level == 'error':
        raise ValueError(sentence)
    if level:
        warn(sentence)


def eligible_labels(
    areas: np.ndarray,
    asked: Sequence[int],
    dropped: Sequence[int] = (),
    min_area: int = 1,
) -> list[int]:
    """Return labels that one picture gives an episode for.

    Args:
        areas (np.ndarray): Pixels of every label (256,).
        asked (Sequence[int]): Labels that may be asked for.
        dropped (Sequence[int]): Labels whose mere presence, in however few
            pixels, leaves the picture out.
        min_area (int): Pixels that a label must cover.

    Returns:
        list[int]: In the order of ``asked``.
    """
    if areas[list(dropped)].any():
        return []
    return [k for k in asked if areas[k] >= min_area]
