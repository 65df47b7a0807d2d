"""Pictures and masks of a data set that are missing, or cannot be read."""

from collections.abc import Iterable

from mmengine.dataset import BaseDataset
from mmengine.fileio import LocalBackend, get_file_backend
from mmseg.registry import TRANSFORMS

from mmseg_clsclip_cli.messages import first_few
from mmseg_clsclip_cli.required_files import require_files

from ..utils.log import warn


def require_pairs(dataset: BaseDataset, indices: Iterable[int]) -> None:
    """Raise an error unless every picture and mask is there.

    Only local files are cheap to look for; others are not looked for.

    Raises:
        FileNotFoundError: With how many are missing and the first few.
    """
    infos = [dataset.get_data_info(index) for index in indices]
    for key, what in (('img_path', 'pictures'), ('seg_map_path', 'masks')):
        paths = [info.get(key) for info in infos]
        if (
            paths
            and paths[0] is not None
            and isinstance(get_file_backend(paths[0]), LocalBackend)
        ):
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
