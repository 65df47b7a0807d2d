"""Draw what the shipped ClsCLIP and ClsCLIP+ find on Shapes-5i.

Writes clsclip.png, in each fold the unseen test episode of median IoU among
those of objects of 400 pixels or more, and clsclip_plus.png, in each fold the
one of median gain by ClsCLIP+ among those of objects below 32 x 32 pixels.
"""

import argparse
from pathlib import Path


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--out', type=Path, default='work_dirs/demo', help='a folder')
    out = parser.parse_args(argv).out

    # Not before: it takes seconds to import.
    from mmseg_clsclip.experiments.drawings import draw_all

    print('Wrote', *draw_all(out), sep='\n')


if __name__ == '__main__':
    main()
