"""Is my data set right? Asked before hours are spent on it.

``python tools/check_dataset.py CONFIG`` builds the data sets of a config as
mmengine's Runner does, reads every picture and mask, and says what is wrong,
in which files, and what to do. The exit status is 1 if there is an error,
and 0 if there are warnings alone.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from mmseg_clsclip.dataset_check import cross_checks as between
from mmseg_clsclip.dataset_check import findings
from mmseg_clsclip.dataset_check.datasets_in_config import Part, parts_of
from mmseg_clsclip.dataset_check.findings import Finding
from mmseg_clsclip.dataset_check.read_pair import Pair, read_pair
from mmseg_clsclip.datasets.masks import IGNORE
from mmseg_clsclip.utils.config_options import add_config_options, load_config
from mmseg_clsclip.utils.config_variables import unheeded
from mmseg_clsclip.utils.messages import first_few

SPLITS = ('train', 'val', 'test')


def read_all(part: Part, split: str, console: Console) -> list[Pair]:
    """Read all pictures and masks of a part, some at once."""
    infos = part.infos()
    number = len(part.dataset.metainfo['classes'])
    args = getattr(part.dataset, 'backend_args', None)
    # Decoders leave Python free meanwhile, so threads do.
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        pairs = pool.map(lambda info: read_pair(info, number, args), infos)
        return list(track(pairs, split, len(infos), console=console, transient=True))


def check_part(
    part: Part, pairs: list[Pair], split: str, console: Console
) -> list[Finding]:
    """What is wrong with a part, whose classes are printed."""
    classes = part.dataset.metainfo['classes']
    read = [p.areas for p in pairs if p.areas is not None]
    areas = np.array(read, dtype=np.int64).reshape(-1, 256)
    total = areas.sum(0)
    table = Table(
        'label',
        'class',
        'pixels',
        '%',
        'pictures',
        box=box.SIMPLE,
        pad_edge=False,
        title_justify='left',
        title=f'{split}: {len(pairs)} pictures of {type(part.dataset).__name__}',
    )
    for column in table.columns:
        column.justify = 'left' if column.header == 'class' else 'right'
    share = 100 * total / max(total.sum(), 1)
    for label, name in [*enumerate(classes), (IGNORE, '(ignored)')]:
        table.add_row(
            str(label),
            escape(name) + ' (new)' * (name in part.novel),
            f'{total[label]:,}',
            f'{share[label]:.2f}',
            f'{(areas[:, label] > 0).sum():,}',
        )
    console.print(table)
    reduced = bool(getattr(part.dataset, 'reduce_zero_label', False))
    return [
        *findings.of_files(pairs, classes, reduced),
        *findings.of_labels(classes, part.novel, total, reduced, split),
        *findings.of_folders(part.dataset),
        *findings.of_classes(classes, part.novel, total, split),
    ]


def check_built(cfg: dict, split: str, console: Console) -> list[Finding]:
    """Whether the whole is built as a Runner does, and gives a sample."""
    try:
        with console.status(f'{split}: building it as training does'):
            dataset = DATASETS.build(cfg)
            dataset.full_init()
            dataset[0]
    except Exception as error:  # whatever a data set can raise
        return [
            Finding(
                'error',
                f'{type(error).__name__} when it is built and its first sample read',
                str(error),
            )
        ]
    console.print(
        f'{split}: {len(dataset)} samples of {type(dataset).__name__}', highlight=False
    )
    return []


def check(cfg: Config, splits: list[str], console: Console) -> dict[str, list[Finding]]:
    """All findings, by split."""
    found, pairs, tests = {}, {}, []
    for split in splits:
        loader = cfg.get(f'{split}_dataloader')
        if not loader:
            continue
        found[split], pairs[split] = [], []
        try:
            parts = list(parts_of(loader.dataset))
        except Exception as error:  # whatever a data set can raise
            found[split] = [
                Finding('error', f'{type(error).__name__} when it is built', str(error))
            ]
            continue
        for part in parts:
            new = read_all(part, split, console)
            found[split] += check_part(part, new, split, console)
            pairs[split] += new
            if split == 'test':
                tests.append(part)
        if not any(f.level == 'error' for f in found[split]):
            found[split] += check_built(loader.dataset, split, console)
        if split != 'train' and 'train' in pairs:
            found[split] += between.shared_pictures(pairs['train'], pairs[split], split)
    for part in tests[:1]:
        found['test'] += between.vocabulary(cfg, part)
        if pairs.get('train'):
            found['test'] += between.trained_and_unseen(cfg, part)
    return found


def main(argv: list[str] | None = None) -> None:
    """Read, tell, and exit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config')
    parser.add_argument('--split', choices=SPLITS, help='that one alone')
    add_config_options(parser)
    args = parser.parse_args(argv)
    init_default_scope('mmseg')
    cfg = load_config(args.config, args.cfg_options)
    console = Console()
    found = check(cfg, [args.split] if args.split else list(SPLITS), console)
    if not found:
        sys.exit(
            f'check_dataset.py: {args.config} has no data set for '
            f'{args.split or "any split"}.'
        )
    found['config'] = [
        Finding('error', 'a variable is overridden in vain', told)
        for told in unheeded(cfg)
    ]
    for split, some_found in found.items():
        for one in some_found:
            colour = dict(error='red', warning='yellow')[one.level]
            console.print(f'[{colour}]{one.level}[/] [bold]{split}[/]: ', end='')
            number = f': {len(one.items)}' if one.items else ''
            console.print(
                one.what + number, highlight=False, markup=False, soft_wrap=True
            )
            for line in filter(None, (first_few(one.items), one.hint)):
                console.print(
                    '  ' + line, highlight=False, markup=False, soft_wrap=True
                )
    levels = [one.level for every in found.values() for one in every]
    console.print(
        f'errors: {levels.count("error")}, warnings: {levels.count("warning")}',
        highlight=False,
    )
    sys.exit(int('error' in levels))


if __name__ == '__main__':
    main()
