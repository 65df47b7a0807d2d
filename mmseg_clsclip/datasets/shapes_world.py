"""The small world of Shapes-5i: scenes of coloured shapes, drawn by code.

Nothing here knows about mmseg. A scene is a function of ``(seed, split,
index)`` alone and is the same, byte for byte, on every machine: the random
numbers are those of :class:`numpy.random.RandomState`, whose streams are
frozen, and only operations that IEEE 754 rounds exactly are used (no ``sin``,
``exp`` or ``pow``, whose last bit depends on the maths library; rotations come
from the rational parametrisation of the circle).
"""

from typing import NamedTuple

import numpy as np

SHAPES = ('circle', 'square', 'triangle', 'ring', 'cross')
COLOURS = ('red', 'green', 'blue', 'yellow')
# Label 0 is the background; label 1 + shape * 4 + colour a class.
CLASSES = tuple(f'{colour} {shape}' for shape in SHAPES for colour in COLOURS)
SIZE = 128  # pixels; the side of a picture

_RGB = np.array(
    [[217, 38, 38], [38, 178, 51], [51, 77, 230], [230, 217, 38]], dtype=np.float64
)
_SPLITS = {'train': 0, 'test': 1, 'caption': 2, 'name': 3}
_MIN_RADIUS, _MAX_RADIUS = 7.0, 42.0
_CENTRES = np.arange(SIZE) + 0.5  # of pixels
_GRID = 6  # control points of the ground's texture, along a side


def novel_classes(fold: int) -> list[int]:
    """Return labels (1..20) of the five classes that ``fold`` holds out.

    The folds are the diagonals of the shape-colour table: each holds every
    shape once, so that every shape and every colour occurs among the base
    classes while none of the fold's combinations does.

    Args:
        fold (int): 0, 1, 2 or 3.

    Returns:
        list[int]: Five labels, ascending.
    """
    n = len(COLOURS)
    return [1 + s * n + (s + fold) % n for s in range(len(SHAPES))]


class Scene(NamedTuple):
    """A drawn scene.

    Attributes:
        picture (np.ndarray): (128, 128, 3) uint8, RGB.
        labels (np.ndarray): (128, 128) uint8, 0 is background.
    """

    picture: np.ndarray
    labels: np.ndarray


def _ground_weights() -> np.ndarray:
    """Return bilinear weights (SIZE, GRID) float32, multiples of 1 / SIZE.

    Weights on such a raster and controls below 1024 keep every partial sum
    within float32's 24 bits, so the matrix products of :func:`_ground` are
    exact in whatever order a BLAS library sums.
    """
    weights = np.zeros((SIZE, _GRID), dtype=np.float32)
    pos = np.arange(SIZE) * (_GRID - 1)
    cell, frac = pos // SIZE, pos % SIZE
    weights[np.arange(SIZE), cell] = SIZE - frac
    weights[np.arange(SIZE), np.minimum(cell + 1, _GRID - 1)] += frac
    return weights / SIZE


_WEIGHTS = _ground_weights()


def draw_controls(rng: np.random.RandomState) -> np.ndarray:
    """Return control points of the ground's texture, (3, _GRID, _GRID)."""
    return rng.randint(50, 204, size=(3, _GRID, _GRID))


def _ground(controls: np.ndarray) -> np.ndarray:
    """Return a smooth, faintly coloured texture, (SIZE, SIZE, 3) float32."""
    # Mixed with the other channels: greyer than the shapes are.
    controls = (2 * controls + controls.sum(0)).astype(np.float32)
    picture = np.empty((SIZE, SIZE, 3), dtype=np.float32)
    for channel in range(3):
        picture[..., channel] = _WEIGHTS @ controls[channel] @ _WEIGHTS.T
    picture *= np.float32(0.2)
    return picture


def _inside(shape: str, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return whether points lie in a shape of unit radius, centred and upright."""
    if shape == 'circle':
        return u * u + v * v < 0.81
    if shape == 'square':
        return np.maximum(abs(u), abs(v)) < 0.72
    if shape == 'triangle':
        return (v > -0.5) & (v + 1.75 * abs(u) < 1.0)
    if shape == 'ring':
        squared = u * u + v * v
        return (squared > 0.25) & (squared < 0.9)
    # cross: two bars
    near, far = np.minimum(abs(u), abs(v)), np.maximum(abs(u), abs(v))
    return (near < 0.28) & (far < 0.95)


def _pick_classes(rng: np.random.RandomState, number: int) -> list[int]:
    """Return 0-based classes; later ones often share colour or shape with a first.

    Such distractors make a picture's answer depend on both words of a name.
    """
    classes = [rng.randint(len(CLASSES))]
    for _ in range(number - 1):
        shape, colour = divmod(classes[0], len(COLOURS))
        kind = rng.randint(4)
        if kind != 0:
            shape = rng.randint(len(SHAPES))
        if kind != 1:
            colour = rng.randint(len(COLOURS))
        classes.append(shape * len(COLOURS) + colour)
    return classes


def _place(
    rng: np.random.RandomState, placed: list[tuple[float, float, float]]
) -> tuple[float, ...]:
    """Return centre and radius of a new shape; overlaps are mild where there is room.

    Appends what it returns, (cx, cy, radius) in pixels, to ``placed``.
    """
    # Squared, so that small shapes are as common as large ones.
    radius = _MIN_RADIUS + (_MAX_RADIUS - _MIN_RADIUS) * rng.random_sample() ** 2
    for _ in range(20):
        # As Python's floats, with which single numbers are quicker.
        cx, cy = (radius + (SIZE - 2 * radius) * rng.random_sample(2)).tolist()
        if all(
            (cx - x) ** 2 + (cy - y) ** 2 > 0.64 * (radius + r) ** 2
            for x, y, r in placed
        ):
            break
    placed.append((cx, cy, radius))
    return cx, cy, radius


class PlacedShape(NamedTuple):
    """A shape, placed.

    Attributes:
        k (int): Its class, 0..19.
        cx (float): Of its centre, in pixels, as the next two.
        cy (float): Of its centre.
        radius (float): Of the circle around it.
        cos (float): Of its rotation.
        sin (float): Of its rotation.
        tint (np.ndarray): (3,) int, added to its colour.
        brightness (float): Times the colour.
    """

    k: int
    cx: float
    cy: float
    radius: float
    cos: float
    sin: float
    tint: np.ndarray
    brightness: float

    def window(self) -> tuple[slice, slice]:
        """Return rows and columns around it."""
        cx, cy, reach = self.cx, self.cy, self.radius
        return (
            slice(max(int(cy - reach), 0), min(int(cy + reach) + 2, SIZE)),
            slice(max(int(cx - reach), 0), min(int(cx + reach) + 2, SIZE)),
        )

    def covers(self, window: tuple[slice, slice]) -> np.ndarray:
        """Return which pixels of its window it covers, bool."""
        rows, columns = window
        dx = (_CENTRES[columns] - self.cx)[None] / self.radius
        dy = (_CENTRES[rows] - self.cy)[:, None] / self.radius
        cos, sin = self.cos, self.sin
        return _inside(
            SHAPES[self.k // len(COLOURS)], dx * cos + dy * sin, dy * cos - dx * sin
        )

    def touches(self, other: 'PlacedShape') -> bool:
        """Return whether it may share a pixel with another shape."""
        squared = (self.cx - other.cx) ** 2 + (self.cy - other.cy) ** 2
        # A square's corners reach 2 % beyond its radius.
        return squared < 1.05 * (self.radius + other.radius) ** 2

    def shows_beyond(self, other: 'PlacedShape') -> bool:
        """Return whether some pixel of it lies beyond another that is over it."""
        squared = (self.cx - other.cx) ** 2 + (self.cy - other.cy) ** 2
        # Away from the other it reaches as far as a triangle's nearest side, less
        # the pixel whose centre need not be there.
        needed = 1.02 * other.radius + 1 - 0.49 * self.radius
        return needed < 0 or squared > needed**2

    def rgb(self) -> np.ndarray:
        """Return its colour, (3,) float64."""
        return (_RGB[self.k % len(COLOURS)] + self.tint) * self.brightness


def seed_key(index: int, split: str, seed: int) -> list[int]:
    """Return the seed of a scene.

    Raises:
        ValueError: If the split does not exist.
    """
    if split not in _SPLITS:
        raise ValueError(f'Shapes-5i has the splits {list(_SPLITS)}, not {split!r}.')
    return [seed, _SPLITS[split], index]


def draw_shapes(rng: np.random.RandomState, max_objects: int = 3) -> list[PlacedShape]:
    """Draw the numbers of a scene's shapes, later ones lie over earlier ones."""
    shapes, placed = [], []
    for k in _pick_classes(rng, rng.randint(1, max_objects + 1)):
        cx, cy, radius = _place(rng, placed)
        t = 2.0 * rng.random_sample() - 1.0
        turn = 1.0 if rng.randint(2) else -1.0
        cos, sin = turn * (1 - t * t) / (1 + t * t), turn * 2 * t / (1 + t * t)
        tint = rng.randint(-15, 16, 3)
        brightness = 0.85 + 0.3 * rng.random_sample()
        shapes.append(PlacedShape(k, cx, cy, radius, cos, sin, tint, brightness))
    return shapes


def draw(
    index: int, split: str = 'train', seed: int = 0, max_objects: int = 3
) -> Scene:
    """Draw one scene.

    Args:
        index (int): Which scene of the split.
        split (str): ``'train'`` and ``'test'`` are the data set; ``'caption'``
            is what the small CLIP learns from and ``'name'`` what its naming
            is tested on. The streams share no scene.
        seed (int): Seed of the whole world.
        max_objects (int): At most so many shapes, at least one. Later shapes
            are drawn over earlier ones.

    Returns:
        Scene: Picture (128, 128, 3) uint8 RGB and labels (128, 128) uint8.

    Raises:
        ValueError: If the split does not exist.
    """
    rng = np.random.RandomState(seed_key(index, split, seed))
    picture = _ground(draw_controls(rng))
    labels = np.zeros((SIZE, SIZE), dtype=np.uint8)
    for shape in draw_shapes(rng, max_objects):
        window = shape.window()
        inside = shape.covers(window)
        picture[window][inside] = shape.rgb()
        labels[window][inside] = 1 + shape.k
    noise = np.frombuffer(rng.bytes(picture.size), dtype=np.uint8)
    noise = (noise.reshape(picture.shape) & 63).astype(np.float32)
    noise *= np.float32(0.75)
    picture += noise
    picture -= np.float32(23.5)
    np.clip(picture, 0, 255, out=picture)
    return Scene(picture.astype(np.uint8), labels)


def visible_classes(labels: np.ndarray, min_area: int) -> tuple[int, ...]:
    """Return labels (1..20) that cover at least ``min_area`` pixels, ascending."""
    area = np.bincount(labels.ravel(), minlength=len(CLASSES) + 1)
    return tuple(k for k in range(1, len(CLASSES) + 1) if area[k] >= min_area)
