"""Is it better than what I have, on my data? One table, one page.

``python tools/compare.py --model NAME CONFIG [CHECKPOINT] --model ...``

Each model is tested by tools/test.py, and measured: what it trains, computes,
how fast it is and what it takes. Results that are there already join by
``--result NAME FILE``. What was not measured alike is refused. What an
earlier call has finished is not run again; to run it again, delete its folder
in ``--out``. With neither it compares what is shipped.
"""

import argparse
import sys
from pathlib import Path

from mmseg_clsclip_cli.errors import told_plainly
from mmseg_clsclip_cli.foreign_warnings import ignore_foreign_warnings
from mmseg_clsclip_cli.model_files import check_compared_files
from mmseg_clsclip_cli.number_types import count_or_zero
from mmseg_clsclip_cli.results import writable_folder


def main(argv: list[str] | None = None) -> None:
    """Compare models and results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--model',
        action='append',
        nargs='+',
        default=[],
        metavar='WORD',
        help='NAME CONFIG [CHECKPOINT]; may be given often. With "random" in place '
        'of the checkpoint its costs alone are measured',
    )
    parser.add_argument(
        '--result',
        action='append',
        nargs=2,
        default=[],
        metavar=('NAME', 'FILE'),
        help='a JSON of tools/test.py',
    )
    parser.add_argument('--out', type=Path, default='work_dirs/compare')
    parser.add_argument('--pictures', type=count_or_zero, default=6)
    parser.add_argument(
        '--budget',
        type=float,
        default=120,
        metavar='SECONDS',
        help='for the costs of each model, about; what is slow is measured on less, '
        'which its row says (default: %(default)s)',
    )
    args = parser.parse_args(argv)
    if not args.budget >= 0:
        parser.error(f'--budget {args.budget}: write 0 or more.')
    try:
        check_compared_files(args.model, args.result)
    except FileNotFoundError as error:
        sys.exit(f'compare.py: {error}')

    ignore_foreign_warnings()
    # Not before: these take seconds to import.
    from mmengine.registry import init_default_scope
    from rich.console import Console

    from mmseg_clsclip.comparison.compared_models import (
        ComparedModel,
        parse_model,
        shipped_models,
    )
    from mmseg_clsclip.comparison.comparison import compare, prepare
    from mmseg_clsclip.utils.partial_files import held_folder

    init_default_scope('mmseg')
    with told_plainly('compare.py'):
        models = [
            *map(parse_model, args.model),
            *(ComparedModel(name, result=Path(file)) for name, file in args.result),
        ] or shipped_models()
        remarks = prepare(models, args.out)
        # Two at once would each write a report of half the rows.
        with writable_folder(args.out), held_folder(args.out):
            rows = compare(
                models,
                args.out,
                remarks,
                args.pictures,
                Console(emoji=False),
                args.budget,
            )
    if all(row.get('error') for row in rows):
        sys.exit('compare.py: all of them failed.')


if __name__ == '__main__':
    main()
