"""Time ClsCLIP+ against ClsCLIP by the number of boxes in a picture.

One class is asked of one picture of noise, the plain way and with so many
boxes; the runs take turns, and the medians are printed as a Markdown table.
The whole picture takes part, as one more region, only where the config says
whole_picture='include'; with 'fallback' it is looked at where no box is.
"""

import argparse

from mmseg_clsclip_cli.config_options import add_config_options
from mmseg_clsclip_cli.errors import told_plainly
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.model_files import config_file
from mmseg_clsclip_cli.number_types import count, count_or_zero


def main(argv: list[str] | None = None) -> None:
    """Time, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config',
        type=config_file,
        nargs='?',
        help="default: ClsCLIP+'s of Shapes-5i, fold 0",
    )
    parser.add_argument('--boxes', type=count_or_zero, nargs='+', default=[0, 1, 5, 20])
    parser.add_argument(
        '--size',
        type=count,
        nargs=2,
        default=[128, 128],
        help='height and width of the picture',
    )
    parser.add_argument('--repeat', type=count, default=20)
    parser.add_argument('--device', default='cpu')
    add_config_options(parser)
    args = parser.parse_args(argv)

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmengine.registry import init_default_scope

    from mmseg_clsclip.benchmark.zoom_in import format_times, time_boxes
    from mmseg_clsclip.utils.config_files import configs_folder
    from mmseg_clsclip.utils.config_options import load_config

    config = args.config or str(
        configs_folder() / 'clsclip_plus/clsclip-plus_shapes-5i_fold0.py'
    )

    init_default_scope('mmseg')
    with told_plainly('zoom_in_cost.py'):
        cfg = load_config(config, args.cfg_options)
    print(
        format_times(time_boxes(cfg, args.boxes, args.size, args.repeat, args.device))
    )


if __name__ == '__main__':
    main()
