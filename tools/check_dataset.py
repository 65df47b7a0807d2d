"""Is my data set right? Asked before hours are spent on it.

``python tools/check_dataset.py CONFIG`` builds the data sets of a config as
mmengine's Runner does, reads every picture and mask, and says what is wrong,
in which files, and what to do. The exit status is 1 if there is an error,
and 0 if there are warnings alone.

--json FILE writes what is found for a program: version (of this package), config,
splits (that were read), errors and warnings (how many), and findings, a list of
split (a split, or 'config'), level ('error' or 'warning'), what, hint and items
(all files or classes, of which the first few are printed).
"""

import argparse
import sys
from pathlib import Path

from mmseg_clsclip_cli.config_options import add_config_options
from mmseg_clsclip_cli.errors import told_plainly
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.model_files import config_file

SPLITS = ('train', 'val', 'test')


def main(argv: list[str] | None = None) -> None:
    """Check a config's data sets, print what is wrong, and exit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=config_file)
    parser.add_argument('--split', choices=SPLITS, help='that one alone')
    parser.add_argument(
        '--json', type=Path, metavar='FILE', help='where the findings go, see above'
    )
    add_config_options(parser)
    args = parser.parse_args(argv)
    if args.json and args.json.is_dir():
        parser.error(f'--json {args.json}: is a folder; name a file in it.')

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmengine.registry import init_default_scope
    from rich.console import Console

    from mmseg_clsclip.dataset_check.check_config import check_config
    from mmseg_clsclip.dataset_check.print_findings import print_findings
    from mmseg_clsclip.dataset_check.write_findings import write_findings
    from mmseg_clsclip.utils.config_options import load_config

    init_default_scope('mmseg')
    with told_plainly('check_dataset.py'):
        cfg = load_config(args.config, args.cfg_options)
    console = Console(emoji=False)  # of names such as a:100:b
    found = check_config(cfg, [args.split] if args.split else list(SPLITS), console)
    if not found:
        sys.exit(
            f'check_dataset.py: {args.config} has no data set for '
            f'{args.split or "any split"}.'
        )
    errors = print_findings(found, console)
    if args.json:
        write_findings(found, args.config, args.json)
    sys.exit(int(errors > 0))


if __name__ == '__main__':
    main()
