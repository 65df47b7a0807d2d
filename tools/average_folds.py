"""Four folds' results to one row of a paper's table.

``python tools/average_folds.py RESULT RESULT RESULT RESULT --name ClsCLIP``

A RESULT is the JSON that ``tools/test.py`` writes to
``WORK_DIR/TIME/TIME.json``, or such a work dir, of which the newest result is
taken. Folds that were not measured alike are refused.
"""
import argparse
import json
import math
import sys
from pathlib import Path

FOLDS = range(4)  # of PASCAL-5i, COCO-20i and Shapes-5i
# What may differ between the folds of one protocol.
PER_FOLD = ('fold', 'pairs', 'list_files', 'trained_on_unseen')
FIGURES = dict(
    miou_unseen='mean',
    fb_iou='FB-IoU',
    miou_seen='seen',
    miou_unseen_small='small',
    miou_unseen_medium='medium',
    miou_unseen_large='large')


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
    found = [p for pattern in ('*.json', '*/*.json')
             for p in path.glob(pattern) if p.parent.name != 'vis_data']
    if not found:
        raise ValueError(
            f'{path} holds no result, neither *.json nor */*.json. Write one '
            f'by tools/test.py CONFIG CHECKPOINT --work-dir {path}.')
    return max(found, key=lambda p: (p.stat().st_mtime, p.name))


def read_result(path: Path) -> dict:
    """A result's figures by their plain names, and its protocol.

    Raises:
        ValueError: If it is no result of one fold, with a protocol.
    """
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            f'{path} is not a whole JSON file: {error}. Run tools/test.py '
            'again; a log of training is not a result.') from error
    keys = content if isinstance(content, dict) else ()
    # A metric with a prefix writes "prefix/protocol".
    prefixes = [key[:-len('protocol')] for key in keys
                if key.split('/')[-1] == 'protocol']
    if len(prefixes) != 1 or not isinstance(
            content[prefixes[0] + 'protocol'], dict):
        raise ValueError(
            f'{path} does not name one protocol but {len(prefixes)}. Results '
            "of mmseg's IoUMetric name none; run tools/test.py again, with "
            'EpisodeIoUMetric.')
    result = {
        key[len(prefixes[0]):]: value
        for key, value in content.items() if key.startswith(prefixes[0])
    }
    fold = result['protocol'].get('fold')
    if isinstance(fold, bool) or fold not in FOLDS:
        raise ValueError(f'{path} is of fold {fold!r}, not of one of '
                         f'{", ".join(map(str, FOLDS))}.')
    if not _is_figure(result.get('miou_unseen')):
        raise ValueError(f'{path} has no miou_unseen but '
                         f'{result.get("miou_unseen")!r}: did the data set '
                         'name its novel classes?')
    return result


def _is_figure(value) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


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
                'figure of none:\n' + '\n'.join(differing))
    return first


def average(results: dict[str, dict]) -> dict:
    """The mean over the folds.

    Args:
        results (dict[str, dict]): By file name, see :func:`read_result`.

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
            raise ValueError(f'Fold {fold} comes twice: {by_fold[fold]} and '
                             f'{name}.')
        by_fold[fold] = name
    missing = [fold for fold in FOLDS if fold not in by_fold]
    if missing:
        raise ValueError(
            f'Fold {", ".join(map(str, missing))} missing; a row needs all '
            f'of {", ".join(map(str, FOLDS))}.')
    protocol = common_protocol(
        {name: result['protocol'] for name, result in results.items()})
    ordered = [results[by_fold[fold]] for fold in FOLDS]
    seen = {name for result in ordered
            for name in result['protocol'].get('trained_on_unseen', ())}
    if seen:
        protocol['trained_on_unseen'] = sorted(seen)
    per_fold = {
        figure: [result[figure] for result in ordered]
        for figure in FIGURES
        if all(_is_figure(result.get(figure)) for result in ordered)
    }
    return dict(
        protocol=protocol,
        folds=[
            dict({k: v for k, v in result['protocol'].items()
                  if k in PER_FOLD}, result=by_fold[fold])
            for fold, result in zip(FOLDS, ordered)
        ],
        per_fold=per_fold,
        mean={k: math.fsum(v) / len(v) for k, v in per_fold.items()})


def markdown(row: dict, name: str) -> str:
    """The row under its head, and the protocol in a line below.

    The columns of the folds and ``mean`` are the mIoU of the unseen classes,
    the others means over the folds.
    """
    head = [f'fold {fold}' for fold in FOLDS] + list(FIGURES.values())
    cells = row['per_fold']['miou_unseen'] + [
        row['mean'].get(figure) for figure in FIGURES]
    cells = ['-' if cell is None else f'{cell:.1f}' for cell in cells]
    protocol = ', '.join(
        f'{key.replace("_", " ")} {value}'
        for key, value in row['protocol'].items())
    return '\n'.join([
        f'| method | {" | ".join(head)} |',
        '|---' * (1 + len(head)) + '|',
        f'| {name} | {" | ".join(cells)} |', '',
        f'mIoU of unseen classes per fold and its mean; {protocol}.', ''
    ])


def main(argv: list[str] | None = None) -> None:
    """Read, average, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('results', nargs='+', type=Path, metavar='RESULT')
    parser.add_argument('--name', default='mean of four folds',
                        help='of the row')
    parser.add_argument('--out-md', type=Path, metavar='FILE')
    parser.add_argument('--out-json', type=Path, metavar='FILE')
    args = parser.parse_args(argv)
    try:
        files = [find_result(path) for path in args.results]
        if len(set(files)) < len(files):
            raise ValueError('A file is given twice: '
                             f'{", ".join(map(str, files))}.')
        row = average({str(path): read_result(path) for path in files})
    except ValueError as error:
        sys.exit(f'average_folds.py: {error}')
    text = markdown(row, args.name)
    print(text, end='')
    content = json.dumps(dict(name=args.name, **row), indent=1) + '\n'
    for path, written in ((args.out_md, text), (args.out_json, content)):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(written, encoding='utf-8')


if __name__ == '__main__':
    main()
