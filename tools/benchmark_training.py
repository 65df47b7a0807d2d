"""Time and memory of a training step, and of an epoch by these.

Pictures of noise go forward and back through the config's model with random
weights, which change no time: as it is, with gradient checkpointing
(backbone.with_cp=True), and the plain way, by open_clip's and PyTorch's own
modules. Each runs in a process of its own, in turns; medians are printed.
Reading and augmenting pictures is left out.
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
    """Measure, print and write rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--config',
        type=config_file,
        default=measured_config(),
        help="default: ClsCLIP's of PASCAL-5i, fold 0",
    )
    parser.add_argument('--batch', type=count, default=8)
    parser.add_argument('--dtype', choices=DTYPES, default='float32')
    parser.add_argument('--device', help="default: mmengine's choice")
    parser.add_argument('--repeat', type=count, default=3)
    parser.add_argument(
        '--pictures',
        type=count,
        default=10582,
        help="of an epoch; VOC's and SBD's training pictures by default",
    )
    parser.add_argument('--json', type=Path)
    add_config_options(parser)
    args = parser.parse_args(argv)

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmengine.device import get_device

    from mmseg_clsclip.benchmark.training import format_rows, time_ways
    from mmseg_clsclip.utils.json_files import write_json

    with told_plainly('benchmark_training.py'):
        rows = time_ways(
            args.repeat,
            args.config,
            args.cfg_options or {},
            args.batch,
            args.dtype,
            args.device or get_device(),
        )
        print(
            f'{rows[0]["machine"]}; {args.dtype}, {rows[0]["size"]}, batch of '
            f'{args.batch}; an epoch of {args.pictures} pictures\n'
        )
        print(format_rows(rows, args.pictures))
        if args.json:
            write_json(args.json, rows)


if __name__ == '__main__':
    main()
