"""Choose the numbers of CLIPPresence on training pictures and base classes.

``python tools/calibrate_presence.py CONFIG CHECKPOINT`` asks for the base classes
of the config's training pictures alone: no test picture and no unseen class is
looked at. Printed are, for the best sharpness and weight, how many of the names
that are there are asked (recall), how many names are asked, and the mIoU; then
the mIoU of every sharpness and weight. Written is a config that adds the chosen
numbers to CONFIG, with what they were chosen on, which results then name.
"""

import argparse
import os
import sys
from pathlib import Path

from mmseg_clsclip_cli.config_options import add_config_options
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.model_files import checkpoint_file, config_file
from mmseg_clsclip_cli.number_types import count


def main(argv: list[str] | None = None) -> None:
    """Calibrate, print the tables and write the config."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=config_file)
    parser.add_argument(
        'checkpoint',
        type=checkpoint_file,
        help="a file, or 'none' if nothing is trained",
    )
    parser.add_argument('--pictures', type=count, default=200)
    parser.add_argument('--device', help="defaults to mmengine's choice")
    parser.add_argument('--out', type=Path, help='the config that is written')
    add_config_options(parser)
    args = parser.parse_args(argv)

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmseg_clsclip.calibration.calibrate import (
        calibrate,
        check_out,
        print_tables,
        write_config,
    )
    from mmseg_clsclip.utils.config_options import load_config
    from mmseg_clsclip.utils.partial_files import part_folder

    config = Path(os.path.expanduser(args.config))
    out = args.out or Path('work_dirs/presence') / f'{config.stem}_presence.py'
    try:
        with part_folder(out.parent):  # else all is done for nothing
            cfg = load_config(config, args.cfg_options)
            check_out(out, cfg, args.cfg_options or {})
            chosen, settings = calibrate(
                cfg, args.checkpoint, args.pictures, args.device
            )
        print_tables(chosen, settings)
        write_config(out, config, args.cfg_options or {}, chosen.presence)
    except (OSError, ValueError) as error:
        sys.exit(f'calibrate_presence.py: {error}')
    print(f'Wrote {out}.')


if __name__ == '__main__':
    main()
