"""Which classes of a data set are novel, which base, which are asked for."""

from collections.abc import Sequence
from typing import NamedTuple

from ..utils.log import warn
from .masks import bare_name, is_background

# What others call the background. Of none it is sure that it is one.
NOTHING = (
    'bg',
    'void',
    'none',
    'nothing',
    'unlabeled',
    'unlabelled',
    'other',
    'others',
)


class EpisodeClasses(NamedTuple):
    """Classes by what episodes do with them; the background is none of them.

    Attributes:
        novel (tuple[str]): Training must not see a mask of them.
        base (tuple[str]): Training asks for them.
        novel_labels (list[int]): Labels of the novel ones.
        asked_labels (list[int]): Labels that are asked for.
    """

    novel: tuple[str, ...]
    base: tuple[str, ...]
    novel_labels: list[int]
    asked_labels: list[int]


def resolve_classes(
    classes: Sequence[str], novel: Sequence[str], test_mode: bool, test_classes: str
) -> EpisodeClasses:
    """Resolve what is done with each class.

    Args:
        classes (Sequence[str]): In the order of the labels.
        novel (Sequence[str]): Names among them.
        test_mode (bool): Testing asks for what ``test_classes`` says.
        test_classes (str): ``'all'``, ``'novel'`` or ``'base'``.

    Raises:
        ValueError: If a novel class is not in the data set.
    """
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
    novel = tuple(dict.fromkeys(novel))
    base = tuple(c for c in classes if c not in novel and not is_background(c))
    if classes and classes[0] in base and bare_name(classes[0]) in NOTHING:
        warn(
            f'Label 0 is called {classes[0]!r}, and asked for like any other class. '
            "If it is where no class is, call it 'background'."
        )
    asked = base
    if test_mode and test_classes == 'novel':
        asked = novel
    elif test_mode and test_classes == 'all':
        asked = [c for c in classes if not is_background(c)]
    return EpisodeClasses(
        novel=novel,
        base=base,
        novel_labels=[classes.index(c) for c in novel],
        asked_labels=[classes.index(c) for c in asked],
    )
