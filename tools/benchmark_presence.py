"""Time a vocabulary of which CLIPPresence asks for the likeliest names alone.

Of one random picture and K made-up names, of which so many are asked; weights are
random, which changes no time. In turns run all names, the likeliest, a model that
is asked for just these, and CLIP's pass of the picture. The floor is the sum of
the latter two. Printed is, too, how many labels are those of that model.
"""

import argparse
from pathlib import Path

from mmseg_clsclip_cli.config_options import add_config_options
from mmseg_clsclip_cli.errors import told_plainly
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.model_files import config_file, measured_config
from mmseg_clsclip_cli.number_types import count


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write the rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--config',
        type=config_file,
        default=measured_config(),
        help="default: ClsCLIP's of PASCAL-5i, fold 0",
    )
    parser.add_argument('--size', type=count, default=480, help='in pixels')
    parser.add_argument('--classes', type=count, nargs='+', default=[20, 171])
    parser.add_argument('--asked', type=count, nargs='+', default=[3, 10])
    parser.add_argument('--device', help="default: mmengine's choice")
    parser.add_argument('--repeat', type=count, default=3)
    parser.add_argument('--json', type=Path, help='where the rows go')
    add_config_options(parser)
    args = parser.parse_args(argv)

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmengine.device import get_device

    from mmseg_clsclip.benchmark.presence import format_presence, measure_presence
    from mmseg_clsclip.benchmark.random_models import Workload
    from mmseg_clsclip.utils.json_files import write_json

    with told_plainly('benchmark_presence.py'):
        rows = []
        for classes in args.classes:
            workload = Workload(
                args.config,
                args.cfg_options or {},
                classes,
                device=args.device or get_device(),
                shape=(1, 3, args.size, args.size),
            )
            rows += measure_presence(workload, args.asked, args.repeat)
            print(format_presence(rows), flush=True)
            print(rows[-1]['note'])
            if args.json:  # as far as it has come
                write_json(args.json, rows)


if __name__ == '__main__':
    main()
