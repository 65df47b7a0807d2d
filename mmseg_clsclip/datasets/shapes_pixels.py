"""How many pixels of each label scenes of Shapes-5i have, without pictures."""

from collections.abc import Iterable, Iterator

import numpy as np

from .shapes_world import CLASSES, SIZE, draw_controls, draw_shapes, seed_key


def count_pixels(
    indices: Iterable[int], split: str = 'train', seed: int = 0, some: bool = False
) -> Iterator[np.ndarray]:
    """Count the pixels of every label in scenes, whose pictures are not drawn.

    Args:
        indices (Iterable[int]): Which scenes of the split.
        split (str): See :func:`draw`.
        seed (int): Seed of the whole world.
        some (bool): Whether it is enough to know which labels have some pixels.
            A shape that no other touches then counts as one, and is not drawn.

    Yields:
        np.ndarray: Pixels of every label (21,) int64, of a scene.

    Raises:
        ValueError: If the split does not exist.
    """
    # Seeded anew for each scene, which takes a tenth of making a new one.
    rng = np.random.RandomState()
    for index in indices:
        rng.seed(seed_key(index, split, seed))
        draw_controls(rng)  # the shapes' numbers come after them
        labels = np.zeros((SIZE, SIZE), dtype=np.uint8)
        areas = np.zeros(len(CLASSES) + 1, dtype=np.int64)
        areas[0] = labels.size
        shapes = draw_shapes(rng)
        for shape in shapes:
            # All of it is in the picture, and so large that it covers a pixel.
            if some and not any(map(shape.touches, shapes)):
                areas[1 + shape.k] += 1
                continue
            window = shape.window()
            inside, below = shape.covers(window), labels[window]
            number = np.count_nonzero(inside)
            if below.any():
                areas -= np.bincount(below[inside], minlength=len(areas))
            else:
                areas[0] -= number
            areas[1 + shape.k] += number
            np.putmask(below, inside, 1 + shape.k)
        yield areas
