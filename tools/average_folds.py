"""Four folds' results to one row of a paper's table.

``python tools/average_folds.py RESULT RESULT RESULT RESULT --name ClsCLIP``

A RESULT is the JSON that ``tools/test.py`` writes to
``WORK_DIR/TIME/TIME.json``, or such a work dir, of which the newest result is
taken. Folds that were not measured alike are refused, as are random weights
beside trained ones.
"""

import argparse
import json
import math
import sys
from pathlib import Path

from mmseg_clsclip.evaluation.results import FIGURES, NOTHING, RANDOM, read_result
from mmseg_clsclip.utils.files import atomic_write
from mmseg_clsclip.utils.markdown import escape_markdown
from mmseg_clsclip.utils.messages import first_few

FOLDS = range(4)  # of PASCAL-5i, COCO-20i and Shapes-5i
# What may differ between the folds of one protocol.
PER_FOLD = ('fold', 'pairs', 'list_files', 'trained_on_unseen')
# After the folds' columns, whose mean the first one is.
COLUMNS = (
    'miou_unseen',
    'fb_iou',
    'miou_seen',
    'miou_unseen_small',
    'miou_unseen_medium',
    'miou_unseen_large',
)


def find_result(path: Path) -> Path:
    """The newest result in a work dir, or the file itself.

    Raises:
        ValueError: If there is none.
    """
    if path.is_file():
        return path
    if not path.exists():
        raise ValueError(f'{path} does not exist.')
    # Training writes its log, JSON as well, to vis_data.
    found = [
        p
        for pattern in ('*.json', '*/*.json')
        for p in path.glob(pattern)
        if p.parent.name != 'vis_data'
    ]
    if not found:
        raise ValueError(
            f'{path} holds no result, neither *.json nor */*.json. Write one '
            f'by tools/test.py CONFIG CHECKPOINT --work-dir {path}.'
        )
    return max(found, key=lambda p: (p.stat().st_mtime, p.name))


def read_fold(path: Path) -> dict:
    """The result of one fold, see :func:`read_result`.

    Raises:
        ValueError: If it is no result of one fold, with a protocol.
    """
    result = read_result(path)
    if not result['protocol']:
        raise ValueError(
            f'{path} does not name one protocol but 0. So did results of '
            "mmseg's IoUMetric in earlier versions; run tools/test.py again, "
            'with EpisodeIoUMetric.'
        )
    fold = result['protocol'].get('fold')
    if isinstance(fold, bool) or fold not in FOLDS:
        raise ValueError(
            f'{path} is of fold {fold!r}, not of one of {", ".join(map(str, FOLDS))}.'
        )
    if 'miou_unseen' not in result['figures']:
        raise ValueError(
            f'{path} has no miou_unseen but '
            f'{first_few(result["figures"])}: is it of '
            'EpisodeIoUMetric, and did the data set name its '
            'novel classes?'
        )
    return result


def common_protocol(protocols: dict[str, dict]) -> dict:
    """What the protocols say alike.

    Args:
        protocols (dict[str, dict]): By file name.

    Returns:
        dict: Without what may differ between folds.

    Raises:
        ValueError: If they differ in anything else.
    """
    protocols = {
        name: {k: v for k, v in protocol.items() if k not in PER_FOLD}
        for name, protocol in protocols.items()
    }
    for protocol in protocols.values():
        # Pictures of all sizes: the range is that of the fold's pictures.
        if ' to ' in str(protocol.get('input_size')):
            protocol['input_size'] = 'various'
    first_name, first = next(iter(protocols.items()))
    for name, protocol in protocols.items():
        differing = [
            f'  {key}: {first.get(key, "not named")!r} in {first_name}, '
            f'{protocol.get(key, "not named")!r} in {name}'
            for key in dict.fromkeys([*first, *protocol])
            if first.get(key) != protocol.get(key)
        ]
        if differing:
            raise ValueError(
                'The results are of different protocols, so their mean is a '
                'figure of none:\n' + '\n'.join(differing)
            )
    return first


def _listed(value) -> list:
    return value if isinstance(value, list) else [value] if value else []


def average(results: dict[str, dict]) -> dict:
    """The mean over the folds.

    Args:
        results (dict[str, dict]): By file name, see :func:`read_fold`.

    Returns:
        dict: ``protocol`` (common to all, and the classes that are unseen in
        name alone, of whatever fold), ``folds`` (what may differ and the
        file, a list in the order of the folds), ``per_fold`` (figure: list,
        per cent) and ``mean`` (figure: per cent). A figure that a fold lacks
        is left out.

    Raises:
        ValueError: If the protocols differ, or a fold comes twice or never.
    """
    by_fold = {}
    for name, result in results.items():
        fold = result['protocol']['fold']
        if fold in by_fold:
            raise ValueError(f'Fold {fold} comes twice: {by_fold[fold]} and {name}.')
        by_fold[fold] = name
    missing = [fold for fold in FOLDS if fold not in by_fold]
    if missing:
        raise ValueError(
            f'Fold {", ".join(map(str, missing))} missing; a row needs all '
            f'of {", ".join(map(str, FOLDS))}.'
        )
    protocol = common_protocol(
        {name: result['protocol'] for name, result in results.items()}
    )
    ordered = [results[by_fold[fold]] for fold in FOLDS]
    seen = {
        str(name)
        for result in ordered
        for name in _listed(result['protocol'].get('trained_on_unseen'))
    }
    if seen:
        protocol['trained_on_unseen'] = sorted(seen)
    per_fold = {
        figure: [result['figures'][figure] for result in ordered]
        for figure in COLUMNS
        if all(figure in result['figures'] for result in ordered)
    }
    return dict(
        protocol=protocol,
        folds=[
            dict(
                {k: v for k, v in result['protocol'].items() if k in PER_FOLD},
                result=by_fold[fold],
            )
            for fold, result in zip(FOLDS, ordered)
        ],
        per_fold=per_fold,
        mean={k: math.fsum(v) / len(v) for k, v in per_fold.items()},
    )


def markdown(row: dict, name: str) -> str:
    """The row under its head, and the protocol in a line below.

    The columns of the folds and ``mean`` are the mIoU of the unseen classes,
    the others means over the folds.
    """
    head = [f'fold {fold}' for fold in FOLDS] + [
        'mean',
        *(
            FIGURES[figure].split(', ')[-1].removeprefix('mIoU ')
            for figure in COLUMNS[1:]
        ),
    ]
    cells = row['per_fold']['miou_unseen'] + [
        row['mean'].get(figure) for figure in COLUMNS
    ]
    cells = ['-' if cell is None else f'{cell:.1f}' for cell in cells]
    protocol = ', '.join(
        f'{escape_markdown(key.replace("_", " "))} {_words(value)}'
        for key, value in row['protocol'].items()
    )
    name, said = escape_markdown(name), ''
    if row['protocol'].get('random_weights'):
        name, said = f'{name} ({RANDOM})', f'The {NOTHING}. '
    return '\n'.join(
        [
            f'| method | {" | ".join(head)} |',
            '|---' * (1 + len(head)) + '|',
            f'| {name} | {" | ".join(cells)} |',
            '',
            f'{said}mIoU of unseen classes per fold and its mean; {protocol}.',
            '',
        ]
    )


def _words(value) -> str:
    """A value of the protocol; of a list, every entry between quotes."""
    if isinstance(value, list):
        words = (
            f"'{escape_markdown(v)}'" if isinstance(v, str) else str(v) for v in value
        )
        return f'[{", ".join(words)}]'
    return escape_markdown(value)


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
    try:
        files = [find_result(path) for path in args.results]
        if len(set(files)) < len(files):
            raise ValueError(f'A file is given twice: {", ".join(map(str, files))}.')
        row = average({str(path): read_fold(path) for path in files})
        text = markdown(row, args.name)
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
