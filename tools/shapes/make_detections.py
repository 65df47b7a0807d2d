"""Write a detector's results on Shapes-5i's test scenes, errors and all.

No detector was trained: the boxes are the truth with the errors of one, drawn
from a seed. Of the objects 15 % are missed; every side of a box is off by a
tenth of its length (one standard deviation); one in ten has the name of
another class of its shape or its colour; a fifth of the scenes have a box of
nothing. Wrong boxes have lower scores, but not always. It counts as a detector
that saw the test classes, as YOLOv7 did.

Two files in COCO's format: the results, and the images with the categories.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from mmseg_clsclip.datasets.shapes_world import CLASSES, COLOURS, SIZE, draw
from mmseg_clsclip.models.clip.loading import ASSETS
from mmseg_clsclip.proposals import component_boxes
from mmseg_clsclip.utils.files import atomic_write

MISSED, LOOSE, WRONG_NAME, NOTHING = 0.15, 0.1, 0.1, 0.2


def confuse(label: int, rng: np.random.RandomState) -> int:
    """Another class (1..20) of the same shape or the same colour."""
    shape, colour = divmod(label - 1, len(COLOURS))
    others = [
        1 + k
        for k in range(len(CLASSES))
        if k != label - 1 and (k // len(COLOURS) == shape or k % len(COLOURS) == colour)
    ]
    return others[rng.randint(len(others))]


def detect(labels: np.ndarray, rng: np.random.RandomState) -> list[tuple]:
    """What the detector says of one scene.

    Args:
        labels (np.ndarray): Its truth (128, 128).
        rng (np.random.RandomState): Where the errors come from.

    Returns:
        list[tuple]: Class (1..20), box (x1, y1, x2, y2), score.
    """
    found = []
    for label in np.unique(labels[labels > 0]).tolist():
        for box in component_boxes(labels == label, 16)[0].tolist():
            if rng.random_sample() < MISSED:
                continue
            sides = np.tile([box[2] - box[0], box[3] - box[1]], 2)
            box = box + LOOSE * sides * rng.standard_normal(4)
            right = rng.random_sample() >= WRONG_NAME
            score = rng.uniform(0.5, 1) if right else rng.uniform(0.3, 0.8)
            found.append((label if right else confuse(label, rng), box, score))
    if rng.random_sample() < NOTHING:
        corner, size = rng.uniform(0, 100, 2), rng.uniform(10, 60, 2)
        found.append(
            (
                rng.randint(1, len(CLASSES) + 1),
                np.concatenate([corner, corner + size]),
                rng.uniform(0.1, 0.6),
            )
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--scenes', type=int, default=500)
    parser.add_argument('--seed', type=int, default=0, help='of the errors')
    parser.add_argument('--out', type=Path, default=ASSETS)
    args = parser.parse_args()
    rng = np.random.RandomState(args.seed)
    results, images = [], []
    for index in range(args.scenes):
        images.append(
            dict(id=index, file_name=f'{index:06d}.bmp', width=SIZE, height=SIZE)
        )
        for label, box, score in detect(draw(index, 'test').labels, rng):
            x1, y1, x2, y2 = np.clip(box, 0, SIZE).round(1).tolist()
            results.append(
                dict(
                    image_id=index,
                    category_id=label,
                    bbox=[x1, y1, round(x2 - x1, 1), round(y2 - y1, 1)],
                    score=round(float(score), 3),
                )
            )
    categories = [dict(id=k, name=n) for k, n in enumerate(CLASSES, 1)]
    for name, content in (
        ('results', results),
        ('images', dict(images=images, categories=categories)),
    ):
        path = args.out / f'shapes-detections_{name}.json'
        with atomic_write(path) as file:
            file.write(json.dumps(content, separators=(',', ':')).encode())
        print(f'Wrote {path}.')


if __name__ == '__main__':
    main()
