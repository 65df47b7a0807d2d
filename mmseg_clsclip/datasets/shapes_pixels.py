"""How many pixels of each label scenes of Shapes-5i have, without pictures."""

from collections.abc import Iterable, Iterator

import numpy as np

from .shapes_world import (
    CLASSES,
    SIZE,
    PlacedShape,
    draw_controls,
    draw_shapes,
    seed_key,
)


def count_pixels(
    indices: Iterable[int], split: str = 'train', seed: int = 0, some: bool = False
) -> Iterator[np.ndarray]:
    """Count the pixels of every label in scenes, whose pictures are not drawn.

    Args:
        indices (Iterable[int]): Which scenes of the split.
        split (str): See :func:`draw`.
        seed (int): Seed of the whole world.
        some (bool): Whether it is enough to know which labels have some pixels.
            A shape that none can hide then counts as one, and is not drawn.

    Yields:
        np.ndarray: Pixels of every label (21,) int64, of a scene.

    Raises:
        ValueError: If the split does not exist.
    """
    count = _mark_seen if some else _count
    # Seeded anew for each scene, which takes a tenth of making a new one.
    rng = np.random.RandomState()
    for index in indices:
        rng.seed(seed_key(index, split, seed))
        draw_controls(rng)  # the shapes' numbers come after them
        yield count(draw_shapes(rng))


def _count(shapes: list[PlacedShape]) -> np.ndarray:
    """Count the pixels of every label (21,) of shapes, each over those before."""
    labels = np.zeros((SIZE, SIZE), dtype=np.uint8)
    areas = np.zeros(len(CLASSES) + 1, dtype=np.int64)
    areas[0] = labels.size
    for shape in shapes:
        window = shape.window()
        inside, below = shape.covers(window), labels[window]
        areas -= np.bincount(below[inside], minlength=len(areas))
        areas[1 + shape.k] += np.count_nonzero(inside)
        np.putmask(below, inside, 1 + shape.k)
    return areas


def _mark_seen(shapes: list[PlacedShape]) -> np.ndarray:
    """Return a number (21,) of every label, positive if a pixel of it is seen."""
    seen = np.zeros(len(CLASSES) + 1, dtype=np.int64)
    seen[0] = 1  # no three shapes fill a picture
    for number, shape in enumerate(shapes, 1):
        over = [other for other in shapes[number:] if shape.touches(other)]
        if not over or len(over) == 1 and shape.shows_beyond(over[0]):
            seen[1 + shape.k] += 1
            continue
        window = shape.window()
        inside = shape.covers(window)
        for other in over:
            inside &= ~other.covers(window)
        seen[1 + shape.k] += np.count_nonzero(inside)
    return seen
