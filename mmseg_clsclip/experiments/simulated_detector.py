"""A detector that was never trained: Shapes-5i's truth, and errors."""

from typing import NamedTuple

import numpy as np

from ..datasets.shapes_world import CLASSES, COLOURS, SIZE, draw
from ..proposals import component_boxes

MISSED_SHARE = 0.15  # of the objects
SIDE_DEVIATION = 0.1  # of a box's side
WRONG_NAME_SHARE = 0.1  # of the boxes
EMPTY_BOX_SHARE = 0.2  # of the scenes
MIN_AREA = 16  # of an object, in pixels


class SimulatedDetection(NamedTuple):
    """A class (1 to 20), a box (x1, y1, x2, y2) and a score."""

    label: int
    box: np.ndarray
    score: float


def confuse(label: int, rng: np.random.RandomState) -> int:
    """Return another class (1 to 20) of the same shape or the same colour."""
    shape, colour = divmod(label - 1, len(COLOURS))
    others = [
        1 + k
        for k in range(len(CLASSES))
        if k != label - 1 and (k // len(COLOURS) == shape or k % len(COLOURS) == colour)
    ]
    return others[rng.randint(len(others))]


def detect(labels: np.ndarray, rng: np.random.RandomState) -> list[SimulatedDetection]:
    """Find what a detector with errors would in a scene.

    Args:
        labels (np.ndarray): Its truth (128, 128).
        rng (np.random.RandomState): Where the errors come from.
    """
    detections = []
    for label in np.unique(labels[labels > 0]).tolist():
        for box in component_boxes(labels == label, MIN_AREA)[0].tolist():
            if rng.random_sample() < MISSED_SHARE:
                continue
            sides = np.tile([box[2] - box[0], box[3] - box[1]], 2)
            box = box + SIDE_DEVIATION * sides * rng.standard_normal(4)
            right = rng.random_sample() >= WRONG_NAME_SHARE
            score = rng.uniform(0.5, 1) if right else rng.uniform(0.3, 0.8)
            name = label if right else confuse(label, rng)
            detections.append(SimulatedDetection(name, box, score))
    if rng.random_sample() < EMPTY_BOX_SHARE:
        corner, size = rng.uniform(0, 100, 2), rng.uniform(10, 60, 2)
        label = rng.randint(1, len(CLASSES) + 1)
        box = np.concatenate([corner, corner + size])
        detections.append(SimulatedDetection(label, box, rng.uniform(0.1, 0.6)))
    return detections


def coco_results(num_scenes: int, seed: int) -> tuple[list[dict], dict]:
    """Detect in the first test scenes, in COCO's format.

    Args:
        num_scenes (int): From the first.
        seed (int): Of the errors.

    Returns:
        tuple[list[dict], dict]: The results; the images and the categories.
    """
    rng = np.random.RandomState(seed)
    results, images = [], []
    for index in range(num_scenes):
        images.append(
            dict(id=index, file_name=f'{index:06d}.bmp', width=SIZE, height=SIZE)
        )
        for detection in detect(draw(index, 'test').labels, rng):
            x1, y1, x2, y2 = np.clip(detection.box, 0, SIZE).round(1).tolist()
            results.append(
                dict(
                    image_id=index,
                    category_id=detection.label,
                    bbox=[x1, y1, round(x2 - x1, 1), round(y2 - y1, 1)],
                    score=round(float(detection.score), 3),
                )
            )
    categories = [dict(id=k, name=name) for k, name in enumerate(CLASSES, 1)]
    return results, dict(images=images, categories=categories)
