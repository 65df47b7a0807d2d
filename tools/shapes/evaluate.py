"""Evaluate the shipped ClsCLIP and ClsCLIP+ on Shapes-5i: `make demo`.

Runs mmseg's test tool, prints two tables, writes them as JSON and draws two
pictures (tools/shapes/draw.py). Everything is in per cent and over all four
folds; seen and unseen mIoU and FB-IoU are per episode, `small` is of objects
below 32 x 32 pixels, `whole` is the mIoU of 20 classes and background, asked
for all at once, and `S`, `U` and `h` are that of its seen and of its unseen
classes and their harmonic mean.
"""

import argparse
from pathlib import Path

from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default='work_dirs/demo')
    out = parser.parse_args(argv).out

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmseg_clsclip.experiments.drawings import draw_all
    from mmseg_clsclip.experiments.shipped import evaluate, print_tables
    from mmseg_clsclip.utils.json_files import write_json

    out.mkdir(parents=True, exist_ok=True)
    rows, plus_rows = evaluate(out)
    print_tables(rows, plus_rows)
    results = out / 'results.json'
    write_json(results, dict(models=rows, clsclip_plus=plus_rows))
    print('Wrote', results, *draw_all(out), sep='\n')


if __name__ == '__main__':
    main()
