"""Read a detector's boxes as a config of ClsCLIP+ will, and say what is wrong.

The names of the pictures, with or without suffix, a line each, are read from
the standard input.
"""

import argparse
import sys

from mmengine.registry import init_default_scope

import mmseg_clsclip  # noqa: F401  (what the config names)
from mmseg_clsclip.utils.config_options import add_config_options, load_config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config')
    add_config_options(parser)
    args = parser.parse_args()
    init_default_scope('mmseg')
    from mmseg.registry import MODELS

    cfg = load_config(args.config, args.cfg_options)
    pictures = [line.split()[0] for line in sys.stdin if line.strip()]
    try:
        MODELS.build(cfg.model.proposals).check_pictures(pictures)
    except (OSError, TypeError, ValueError) as error:
        sys.exit(
            f'--detections: {error}\nWhat describes the file is given by '
            '--detector-options.'
        )


if __name__ == '__main__':
    main()
