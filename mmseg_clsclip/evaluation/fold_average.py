"""The mean of four folds' results, as one row of a paper's table."""

import math
from collections.abc import Sequence
from pathlib import Path

from mmseg_clsclip_cli.messages import first_few

from ..utils.keys import TRAINED_ON
from ..utils.markdown import escape_markdown, markdown_table
from .results import FIGURES, NOTHING, RANDOM, read_result

FOLDS = range(4)  # of PASCAL-5i, COCO-20i and Shapes-5i
# Entries of the protocol that may differ between the folds.
PER_FOLD = (
    'fold',
    'pairs',
    'list_files',
    'unseen_classes',
    'trained_on_unseen',
    'trained_on',
)
# After the folds' columns, whose mean the first one is.
COLUMNS = (
    'miou_unseen',
    'fb_iou',
    'miou_seen',
    'miou_unseen_small',
    'miou_unseen_medium',
    'miou_unseen_large',
)


def newest_result(folder: Path) -> Path | None:
    """Return the newest result in a work dir, if there is one."""
    # Training writes its log, JSON as well, to vis_data.
    results = [
        result
        for pattern in ('*.json', '*/*.json')
        for result in folder.glob(pattern)
        if result.parent.name != 'vis_data'
    ]
    return max(
        results, key=lambda result: (result.stat().st_mtime, result.name), default=None
    )


def find_result(path: Path) -> Path:
    """Return the newest result in a work dir, or the file itself.

    Raises:
        ValueError: If there is none.
    """
    if path.is_file():
        return path
    if not path.exists():
        raise ValueError(f'{path} does not exist.')
    result = newest_result(path)
    if result is None:
        raise ValueError(
            f'{path} holds no result, neither *.json nor */*.json. Write one '
            f'by tools/test.py CONFIG CHECKPOINT --work-dir {path}.'
        )
    return result


def read_fold(path: Path) -> dict:
    """Read the result of one fold, see :func:`read_result`.

    Raises:
        ValueError: If it is not a result of one fold, with a protocol.
    """
    result = read_result(path)
    if not result['protocol']:
        raise ValueError(
            f'{path} names no protocol. So did results of '
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
            f'{path} has no miou_unseen but {first_few(result["figures"])}: is it of '
            'EpisodeIoUMetric, and did the data set name its novel classes?'
        )
    return result


def common_protocol(protocols: dict[str, dict]) -> dict:
    """Return the protocol of all folds, without what may differ between them.

    Args:
        protocols (dict[str, dict]): By file name.

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


def _trained_on_unseen(results: Sequence[dict]) -> list[str]:
    names: set[str] = set()
    for result in results:
        value = result['protocol'].get('trained_on_unseen') or ()
        names.update(map(str, value if isinstance(value, (list, tuple)) else [value]))
    return sorted(names)


def _check_folds(results: dict[str, dict]) -> dict[int, str]:
    """Return the file name of each fold.

    Raises:
        ValueError: If a fold comes twice or never.
    """
    file_of_fold: dict[int, str] = {}
    for name, result in results.items():
        fold = result['protocol']['fold']
        if fold in file_of_fold:
            raise ValueError(
                f'Fold {fold} comes twice: {file_of_fold[fold]} and {name}.'
            )
        file_of_fold[fold] = name
    missing = [str(fold) for fold in FOLDS if fold not in file_of_fold]
    if missing:
        raise ValueError(
            f'Fold {", ".join(missing)} missing; a row needs all '
            f'of {", ".join(map(str, FOLDS))}.'
        )
    return file_of_fold


def average(results: dict[str, dict]) -> dict:
    """Average the figures of the folds.

    Args:
        results (dict[str, dict]): By file name, see :func:`read_fold`.

    Returns:
        dict: ``protocol`` (common to all, and of whatever fold the classes that
        are unseen in name alone, or that nobody knows them), ``folds`` (what may
        differ and the file, a list in the order of the folds), ``per_fold``
        (figure: list, per cent) and ``mean`` (figure: per cent). A figure that a
        fold lacks is left out.

    Raises:
        ValueError: If the protocols differ, or a fold comes twice or never.
    """
    files = _check_folds(results)
    protocol = common_protocol(
        {name: result['protocol'] for name, result in results.items()}
    )
    ordered = [results[files[fold]] for fold in FOLDS]
    unseen = _trained_on_unseen(ordered)
    if unseen:
        protocol['trained_on_unseen'] = unseen
    told = [r['protocol'][TRAINED_ON] for r in ordered if TRAINED_ON in r['protocol']]
    if told:
        protocol[TRAINED_ON] = ' and '.join(sorted(set(map(str, told))))
    per_fold = {
        figure: [result['figures'][figure] for result in ordered]
        for figure in COLUMNS
        if all(figure in result['figures'] for result in ordered)
    }
    return dict(
        protocol=protocol,
        folds=[
            {
                **{k: v for k, v in result['protocol'].items() if k in PER_FOLD},
                'result': files[fold],
            }
            for fold, result in zip(FOLDS, ordered)
        ],
        per_fold=per_fold,
        mean={k: math.fsum(v) / len(v) for k, v in per_fold.items()},
    )


def average_files(paths: Sequence[Path]) -> dict:
    """Read a result of each fold and average them, see :func:`average`.

    Args:
        paths (Sequence[Path]): Results, or work dirs of which the newest is taken.

    Raises:
        ValueError: If a result is invalid, given twice, or does not fit the others.
    """
    files = [find_result(path) for path in paths]
    if len(set(files)) < len(files):
        raise ValueError(f'A file is given twice: {", ".join(map(str, files))}.')
    return average({str(path): read_fold(path) for path in files})


def format_row(row: dict, name: str) -> str:
    """Return the row as a Markdown table, and the protocol in a line below.

    The columns of the folds and ``mean`` are the mIoU of the unseen classes,
    the others means over the folds.

    Args:
        row (dict): See :func:`average`.
        name (str): Of the method.
    """
    random = bool(row['protocol'].get('random_weights'))
    heads = [
        'method',
        *(f'fold {fold}' for fold in FOLDS),
        'mean',
        *(
            FIGURES[figure].split(', ')[-1].removeprefix('mIoU ')
            for figure in COLUMNS[1:]
        ),
    ]
    figures = row['per_fold']['miou_unseen'] + [
        row['mean'].get(figure) for figure in COLUMNS
    ]
    cells = ['-' if figure is None else f'{figure:.1f}' for figure in figures]
    protocol = ', '.join(
        f'{escape_markdown(key.replace("_", " "))} {_format_value(value)}'
        for key, value in row['protocol'].items()
    )
    table = markdown_table(
        heads, [[escape_markdown(name) + f' ({RANDOM})' * random, *cells]]
    )
    return (
        f'{table}\n\n{f"The {NOTHING}. " if random else ""}mIoU of unseen '
        f'classes per fold and its mean; {protocol}.\n'
    )


def _format_value(value) -> str:
    """Return a value of the protocol; of a list, every text between quotes."""
    if not isinstance(value, list):
        return escape_markdown(value)
    words = (f"'{escape_markdown(v)}'" if isinstance(v, str) else str(v) for v in value)
    return f'[{", ".join(words)}]'
