"""Time a segmentor by the number of classes, beside what must be done.

For each config and number of classes K, one random picture (or --batch of
them) and K made-up names are segmented, labels wanted. Weights are random:
they change no time. In turns, so that a busy machine hurts all alike, run

- the ceiling: the fastest of three matrix products in the same dtype, a square
  one and the tower's widest layer, by itself and as a 1 x 1 convolution;
- ours;
- for ClsCLIP the naive path, in ours' dtype: for every class the whole tower and
  decoder by open_clip's and PyTorch's own modules, the names encoded at every
  forward. Beyond --naive-classes it is timed on so many and scaled: it is a
  loop over classes.

Medians are printed, and which part of its threads' time the process got: below
80 % the seconds are processor time, divided by the threads. The floor is the
operations counted in ours at the ceiling's speed. Of one name the kernels that
PyTorch runs are counted, and casts among them. Memory is the peak of a process
that does this alone, its libraries and weights included, or of the device's.
"""

import argparse
from pathlib import Path

from mmseg_clsclip_cli.config_options import add_config_options
from mmseg_clsclip_cli.errors import told_plainly
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.model_files import config_file, measured_config
from mmseg_clsclip_cli.number_types import count

DTYPES = 'float32', 'bfloat16', 'float16'


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write rows and drawing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--config',
        type=config_file,
        nargs='+',
        default=[measured_config()],
        help="default: ClsCLIP's of PASCAL-5i, fold 0",
    )
    parser.add_argument(
        '--size', type=count, default=224, help='of the square picture, in pixels'
    )
    parser.add_argument('--classes', type=count, nargs='+', default=[1, 20, 80, 171])
    parser.add_argument('--batch', type=count, default=1)
    parser.add_argument('--dtype', choices=DTYPES, default='float32')
    parser.add_argument('--device', help="default: mmengine's choice")
    parser.add_argument('--repeat', type=count, default=3)
    parser.add_argument('--naive-classes', type=count, default=20)
    parser.add_argument('--json', type=Path, help='where the rows go')
    parser.add_argument(
        '--plot',
        type=Path,
        metavar='FILE.png',
        help='time and memory by the number of classes',
    )
    add_config_options(parser)
    args = parser.parse_args(argv)

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmengine.device import get_device

    from mmseg_clsclip.benchmark.inference import (
        describe_row,
        format_rows,
        measure_alone,
    )
    from mmseg_clsclip.benchmark.plot import draw_rows
    from mmseg_clsclip.benchmark.random_models import Workload
    from mmseg_clsclip.utils.json_files import write_json

    with told_plainly('benchmark.py'):
        device = args.device or get_device()
        rows = []
        for config in args.config:
            for classes in args.classes:
                workload = Workload(
                    config,
                    args.cfg_options or {},
                    classes,
                    args.dtype,
                    device,
                    shape=(args.batch, 3, args.size, args.size),
                )
                rows.append(measure_alone(workload, args.repeat, args.naive_classes))
                print(format_rows(rows[-1:]))
                print(describe_row(rows[-1]), flush=True)
                if args.json:  # as far as it has come
                    write_json(args.json, rows)
        if args.plot:
            draw_rows(rows, args.plot)
    print(
        f'\n{rows[0]["machine"]}; {args.dtype}, {args.size} x {args.size},'
        f' batch of {args.batch}, medians of {args.repeat}; random weights\n'
    )
    print(format_rows(rows))


if __name__ == '__main__':
    main()
