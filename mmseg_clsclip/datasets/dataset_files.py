"""Pictures and masks of a data set that are missing, or cannot be read."""

import os
from collections.abc import Iterable

from mmengine.dataset import BaseDataset
from mmengine.fileio import LocalBackend, get_file_backend
from mmseg.registry import DATASETS, TRANSFORMS

from mmseg_clsclip_cli.messages import first_few
from mmseg_clsclip_cli.required_files import require_files

from ..utils.log import warn
from ..utils.registered_class import parameters_of, registered_class


def no_picture(name: str, suffix: str, folder: str | None) -> ValueError:
    """Return the error of a data set that has found nothing.

    Args:
        name (str): Of its class.
        suffix (str): Its ``img_suffix``.
        folder (str, optional): Where it looked.
    """
    return ValueError(
        f'{name}: no picture that ends in {suffix!r} in {folder}. Mend data_root, '
        'data_prefix.img_path or img_suffix.'
    )


def build_dataset(cfg: dict) -> BaseDataset:
    """Build a data set that has pictures.

    Raises:
        ValueError: If it has none, of which mmengine says something else.
    """
    try:
        dataset = DATASETS.build(cfg)
        empty = not len(dataset)
    except ValueError as error:
        if 'at least one array to concatenate' not in str(error):
            raise
        empty = True
    if empty:
        kind = registered_class(DATASETS, cfg, 'dataset')
        suffix = getattr(parameters_of(kind).get('img_suffix'), 'default', '?')
        folder = (cfg.get('data_prefix') or {}).get('img_path') or ''
        raise no_picture(
            kind.__name__,
            cfg.get('img_suffix', suffix),
            os.path.join(cfg.get('data_root') or '', folder),
        )
    return dataset


def require_pairs(dataset: BaseDataset, indices: Iterable[int]) -> None:
    """Raise an error unless every picture and mask is there.

    Only local files are cheap to look for; others are not looked for.

    Raises:
        FileNotFoundError: With how many are missing and the first few.
        ValueError: If it does not say where they are.
    """
    infos = [dataset.get_data_info(index) for index in indices]
    for key, what in (('img_path', 'pictures'), ('seg_map_path', 'masks')):
        paths = [info.get(key) for info in infos]
        if None in paths:
            raise ValueError(
                f'{type(dataset).__name__} names no {what}: write data_prefix.{key} of '
                'the data set, the folder that they are in.'
            )
        if paths and isinstance(get_file_backend(paths[0]), LocalBackend):
            require_files(
                paths, what, 'Check data_root and data_prefix of the data set.'
            )


def readable_pictures(dataset: BaseDataset) -> list[int]:
    """Return the indices of pictures that open, and log the others."""
    load = TRANSFORMS.build(dict(type='LoadImageFromFile'))
    readable, broken = [], []
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        try:
            load(info)
            readable.append(index)
        except Exception:  # whatever a decoder raises
            broken.append(info['img_path'])
    if broken:
        warn(
            f'{len(broken)} pictures cannot be read and are left out: '
            f'{first_few(broken)}.'
        )
    return readable
