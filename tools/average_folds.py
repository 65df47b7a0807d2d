"""Four folds' results to one row of a paper's table.

``python tools/average_folds.py RESULT RESULT RESULT RESULT --name ClsCLIP``

A RESULT is the JSON that ``tools/test.py`` writes to
``WORK_DIR/TIME/TIME.json``, or such a work dir, of which the newest result is
taken. Folds that were not measured alike are refused, as are random weights
beside trained ones.
"""

import argparse
import sys
from pathlib import Path


def main(argv: list[str] | None = None) -> None:
    """Read, average, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('results', nargs='+', type=Path, metavar='RESULT')
    parser.add_argument('--name', default='mean of four folds', help='of the row')
    parser.add_argument('--out-md', type=Path, metavar='FILE')
    parser.add_argument('--out-json', type=Path, metavar='FILE')
    args = parser.parse_args(argv)

    # Not before: these take seconds to import.
    from mmseg_clsclip.evaluation.fold_average import average_files, format_row
    from mmseg_clsclip.utils.files import atomic_write
    from mmseg_clsclip.utils.json_files import write_json

    try:
        row = average_files(args.results)
        text = format_row(row, args.name)
        print(text, end='')
        if args.out_md:
            with atomic_write(args.out_md) as file:
                file.write(text.encode())
        if args.out_json:
            write_json(args.out_json, dict(name=args.name, **row))
    except (OSError, ValueError) as error:
        sys.exit(f'average_folds.py: {error}')


if __name__ == '__main__':
    main()
