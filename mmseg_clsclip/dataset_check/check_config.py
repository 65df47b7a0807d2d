"""All findings of a config's data sets."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from mmengine.config import Config
from mmseg.registry import DATASETS
from rich.console import Console
from rich.progress import track

from ..datasets.masks import IGNORE, check_classes
from ..datasets.wrappers import reduces_zero_label
from ..utils.config_variables import unheeded
from . import cross_checks, findings
from .datasets_in_config import PlainDataset, build_plain_datasets
from .findings import Finding
from .print_findings import print_classes
from .read_pair import Pair, read_pair


def read_pairs(part: PlainDataset, split: str, console: Console) -> list[Pair]:
    """Read all pictures and masks of a plain data set, some at once."""
    infos = part.infos()
    number = len(part.dataset.metainfo['classes'])
    args = getattr(part.dataset, 'backend_args', None)
    # Decoders leave Python free meanwhile, so threads do.
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        pairs = pool.map(lambda info: read_pair(info, number, args), infos)
        return list(track(pairs, split, len(infos), console=console, transient=True))


def check_plain_dataset(
    part: PlainDataset, pairs: list[Pair], split: str, console: Console
) -> list[Finding]:
    """Return what is wrong with a plain data set, and print its classes."""
    classes = part.dataset.metainfo['classes']
    try:
        check_classes(classes, 'The data set')
    except ValueError as error:  # by such names nothing else can be told
        return [Finding('error', 'the names are invalid', str(error))]
    read = [p.areas for p in pairs if p.areas is not None]
    areas = np.array(read, dtype=np.int64).reshape(-1, 256)
    total = areas.sum(0)
    print_classes(
        f'{split}: {len(pairs)} pictures of {type(part.dataset).__name__}',
        classes,
        areas,
        part.novel,
        console,
    )
    reduced = reduces_zero_label(part.dataset)
    return [
        *findings.check_files(pairs, classes, reduced),
        *findings.check_labels(classes, part.novel, total, reduced, split),
        *findings.check_folders(part.dataset),
        *findings.check_names(classes, part.novel, total, split),
    ]


def check_building(cfg: dict, split: str, console: Console) -> list[Finding]:
    """Build a data set as a Runner does, and return why it gives no sample."""
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


def _chooses_checkpoints(cfg: Config) -> bool:
    """Return whether a training keeps or ends by what is best in its validation."""
    hooks = [*cfg.get('default_hooks', {}).values(), *(cfg.get('custom_hooks') or ())]
    chosen = [h.get('save_best') or h.get('monitor') for h in hooks if h]
    return any(chosen)


def check_config(
    cfg: Config, splits: list[str], console: Console
) -> dict[str, list[Finding]]:
    """Check the data sets of a config, and how they fit each other and the model.

    Args:
        cfg (Config): With a ``train_dataloader``, a ``val_dataloader`` or a
            ``test_dataloader``.
        splits (list[str]): Which of these.
        console (Console): Where progress and tables of classes go.

    Returns:
        dict[str, list[Finding]]: By split, and ``'config'``; empty if the
        config has no such data set.
    """
    found, pairs, tests = {}, {}, []
    for split in splits:
        loader = cfg.get(f'{split}_dataloader')
        if not loader:
            continue
        found[split], pairs[split] = [], []
        try:
            parts = list(build_plain_datasets(loader.dataset))
        except Exception as error:  # whatever a data set can raise
            found[split] = [
                Finding('error', f'{type(error).__name__} when it is built', str(error))
            ]
            continue
        for part in parts:
            number = len(part.dataset.metainfo['classes'])
            if number > IGNORE:
                found[split].append(
                    Finding(
                        'error',
                        f'there are {number} classes',
                        'mmseg reads 8 bits of a mask, of which 255 is ignored: 255 '
                        'classes at most, the background among them.',
                    )
                )
                continue
            new = read_pairs(part, split, console)
            found[split] += check_plain_dataset(part, new, split, console)
            pairs[split] += new
            if split == 'test':
                tests.append(part)
        if not any(f.level == 'error' for f in found[split]):
            found[split] += check_building(loader.dataset, split, console)
        if split != 'train' and 'train' in pairs:
            found[split] += cross_checks.find_shared_pictures(
                pairs['train'], pairs[split], split
            )
        if split == 'test' and 'val' in pairs and _chooses_checkpoints(cfg):
            found[split] += cross_checks.find_shared_pictures(
                pairs['val'], pairs[split], split, 'val'
            )
    for part in tests[:1]:
        found['test'] += cross_checks.compare_vocabulary(cfg, part)
        if pairs.get('train'):
            try:
                found['test'] += cross_checks.find_trained_unseen(cfg, part)
            except ValueError as error:
                found['test'].append(
                    Finding('error', 'the test cannot be built', str(error))
                )
    if found:
        found['config'] = [
            Finding('error', 'something is set in vain', message)
            for message in unheeded(cfg)
        ]
    return found
