"""Four folds' results to one row of a paper's table.

``python tools/average_folds.py RESULT RESULT RESULT RESULT --name ClsCLIP``

A RESULT is the JSON that ``tools/test.py`` writes to
``WORK_DIR/TIME/TIME.json``, or such a work dir, of which the newest result is
taken. Folds that were not measured alike are refused, as are random weights
beside trained ones.
"""

import argparse
import json
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

    try:
        row = average_files(args.results)
        text = format_row(row, args.name)
        print(text, end='')
        content = json.dumps(dict(name=args.name, **row), indent=1) + '\n'
        for path, written in ((args.out_md, text), (args.out_json, content)):
            if path:
                with atomic_write(path) as file:
                    file.write(written.encode())
    except (OSError, ValueError) as error:
        sys.exit(f'average_folds.py: {error}')


if __name__ == '__main__':
    main()
