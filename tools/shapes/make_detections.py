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

from mmseg_clsclip_cli.number_types import count, count_or_zero


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--scenes', type=count, default=500)
    parser.add_argument('--seed', type=count_or_zero, default=0, help='of the errors')
    parser.add_argument('--out', type=Path, help='default: where they are shipped')
    args = parser.parse_args(argv)

    # Not before: these take seconds to import.
    from mmseg_clsclip.experiments.simulated_detector import coco_results
    from mmseg_clsclip.models.clip.loading import ASSETS
    from mmseg_clsclip.utils.files import atomic_write

    contents = coco_results(args.scenes, args.seed)
    for name, content in zip(('results', 'images'), contents, strict=True):
        path = (args.out or ASSETS) / f'shapes-detections_{name}.json'
        with atomic_write(path) as file:
            file.write(json.dumps(content, separators=(',', ':')).encode())
        print(f'Wrote {path}.')


if __name__ == '__main__':
    main()
