"""EpisodeDraw: test episodes out of eligible pairs, our way or as others draw."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from typing import Literal, NamedTuple

import numpy as np
import torch

Way = Literal['bam', 'esda', 'hsnet', 'lseg']
Pair = tuple[int, int]  # the index of a picture, and a label
NUM_EPISODES = 1000  # of each of them
NUM_WORKERS = 8  # of BAM's and ESDA's data loaders


class _Habit(NamedTuple):
    """How others draw.

    Attributes:
        name (str): As they write it.
        seed (int): Theirs; of BAM's five the first.
        by_picture (bool): Whether pictures come in the list's order and a class
            in each is drawn, or a class is drawn and then one of its pictures.
        with_support (bool): Whether the same generator draws a second picture of
            the class after each, for one shot.
    """

    name: str
    seed: int
    by_picture: bool
    with_support: bool


_HABITS = dict(
    bam=_Habit('BAM', seed=510, by_picture=True, with_support=True),
    esda=_Habit('ESDA', seed=923, by_picture=True, with_support=False),
    hsnet=_Habit('HSNet', seed=0, by_picture=False, with_support=True),
    lseg=_Habit('LSeg', seed=0, by_picture=False, with_support=False),
)


@dataclass(frozen=True)
class EpisodeDraw:
    """A way to draw the episodes of a test.

    Args:
        episodes (int | str, optional): None takes each pair once. A number of
            them is drawn with replacement, or without a seed goes round them in
            order. ``'bam'``, ``'esda'``, ``'hsnet'`` and ``'lseg'`` are 1,000 as
            these draw them, of the same pairs and masks the very same.
        seed (int, optional): Of the generators; a name has its own.
        class_first (bool): Whether HSNet and LSeg draw a class first, as on
            COCO-20i, or go round the pairs in order, as on PASCAL-5i.
    """

    episodes: int | Way | None
    seed: int | None
    class_first: bool

    @property
    def _habit(self) -> _Habit | None:
        return _HABITS.get(self.episodes)

    @property
    def _seed(self) -> int | None:
        """Return the seed, None where nothing is random."""
        habit = self._habit
        if not habit:
            return self.seed
        if not (habit.by_picture or self.class_first):
            return None
        return habit.seed if self.seed is None else self.seed

    def __str__(self) -> str:
        """Return what a protocol says of it."""
        if self.episodes is None:
            return 'every pair once'
        number = str(self.episodes)
        if self._habit:
            number = f'{NUM_EPISODES} as {self._habit.name} draws them'
        seed = self._seed
        return f'{number}, ' + ('in order' if seed is None else f'seed {seed}')

    @property
    def follows_a_list(self) -> bool:
        """Whether it goes through pictures in the order of a list of BAM's."""
        return bool(self._habit and self._habit.by_picture)

    def check_form(self, form: str, list_file: str | Sequence[str]) -> None:
        """Raise an error if a list of this form has no order of pictures.

        Args:
            form (str): Of the list, see :func:`read_lists`.
            list_file (str | Sequence[str]): For the message.

        Raises:
            ValueError: If it has none.
        """
        if self.follows_a_list and form != 'id class':
            raise self.explain_order(f"{list_file}, a list of {form}'s,")

    def explain_order(self, what: str) -> ValueError:
        """Return the error of pairs that do not have that order.

        Args:
            what (str): Names what has another.
        """
        return ValueError(
            f'episodes={self.episodes!r} goes through pictures in the order of '
            f"BAM's data_list_*.txt, which {what} does not have. Write one that has: "
            'tools/dataset_converters/*.py lists --ids data_list_*.txt.'
        )

    def draw(
        self, pairs: Sequence[Pair], labels_in: Callable[[int], Sequence[int]]
    ) -> list[Pair]:
        """Draw the episodes.

        Args:
            pairs (Sequence[tuple[int, int]]): All that are eligible, in order.
            labels_in (Callable): Returns the labels that may be asked for and are
                in the picture of an index, in however few pixels, ascending; BAM
                and ESDA draw one of them.

        Returns:
            list[tuple[int, int]]: In the order in which they are asked.

        Raises:
            ValueError: If a picture has none of these labels.
        """
        if self.episodes is None or not pairs:
            return list(pairs)
        number, habit, seed = self.episodes, self._habit, self._seed
        if habit:
            number = NUM_EPISODES
        if seed is None:
            draws = cycle(pairs)
        elif not habit:
            picks = np.random.RandomState(seed).randint(len(pairs), size=number)
            draws = (pairs[i] for i in picks)
        elif habit.by_picture:
            draws = _by_picture(pairs, seed, habit.with_support, cache(labels_in))
        else:
            draws = _by_class(pairs, seed, habit.with_support)
        return list(islice(draws, number))


def _pictures_of_labels(pairs: Sequence[Pair]) -> dict[int, list[int]]:
    """Return the pictures of each label, in the order of the pairs."""
    pictures: dict[int, list[int]] = {}
    for index, label in pairs:
        pictures.setdefault(label, []).append(index)
    return pictures


def _draw_support(
    draw: Callable[[int], int], pictures: Sequence[int], asked: int
) -> None:
    """Draw until it is another picture, which leaves a generator where theirs is."""
    if set(pictures) - {asked}:
        while pictures[draw(len(pictures))] == asked:
            pass


def _by_picture(
    pairs: Sequence[Pair],
    seed: int,
    with_support: bool,
    labels_in: Callable[[int], Sequence[int]],
) -> Iterator[Pair]:
    """Go round the pictures without end and draw one of the classes in each.

    Every worker of their data loader draws by Python's generator, which PyTorch
    seeds anew in each round, from one that is seeded once.
    """
    indices = list(dict.fromkeys(index for index, _ in pairs))
    pictures = _pictures_of_labels(pairs)
    seeds = torch.Generator().manual_seed(seed)
    while True:
        base = torch.empty((), dtype=torch.int64).random_(generator=seeds).item()
        workers = [random.Random(base + number) for number in range(NUM_WORKERS)]
        for index, worker in zip(indices, cycle(workers)):
            labels = labels_in(index)
            if not labels:
                raise ValueError(
                    f'No class that may be asked for is in the mask of picture {index} '
                    '(from 0) of the data set, which the list names: it is a list of '
                    'other masks.'
                )
            # Not choice: it need not draw as randint does.
            label = labels[worker.randint(1, len(labels)) - 1]
            yield index, label
            if with_support and label in pictures:
                # BAM draws one in vain before it looks for another picture.
                worker.randint(1, len(pictures[label]))
                _draw_support(
                    lambda number, draw=worker.randint: draw(1, number) - 1,
                    pictures[label],
                    index,
                )


def _by_class(pairs: Sequence[Pair], seed: int, with_support: bool) -> Iterator[Pair]:
    """Draw a class, each as likely, and one of its pictures, without end."""
    pictures = _pictures_of_labels(pairs)
    labels = sorted(pictures)
    rng = np.random.RandomState(seed)

    def draw(number: int) -> int:
        # Not randint: without replacement numpy permutes all of them.
        return rng.choice(number, 1, replace=False)[0]

    while True:
        label = labels[draw(len(labels))]
        index = pictures[label][draw(len(pictures[label]))]
        yield index, label
        if with_support:
            _draw_support(draw, pictures[label], index)
