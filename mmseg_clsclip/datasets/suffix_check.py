"""mmseg's data sets know one suffix of pictures and one of masks."""

from typing import Any

from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS


def check_suffixes(dataset: Any) -> None:
    """Refuse several suffixes, by which mmseg looks for masks of other names.

    Args:
        dataset (Any): Config of a data set, in whatever wrappers.

    Raises:
        ValueError: If there are several.
    """
    if not hasattr(dataset, 'get'):
        return
    inner = dataset.get('datasets') or [dataset.get('dataset')]
    for part in inner if isinstance(inner, (list, tuple)) else ():
        check_suffixes(part)
    kind = dataset.get('type')
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    is_mmsegs = isinstance(kind, type) and issubclass(kind, BaseSegDataset)
    if not is_mmsegs or kind.load_data_list is not BaseSegDataset.load_data_list:
        return  # it looks for its files in a way of its own
    for key in ('img_suffix', 'seg_map_suffix'):
        suffix = dataset.get(key, '')
        if not isinstance(suffix, str):
            raise ValueError(
                f'{key}={suffix!r}: mmseg takes one text. Give each suffix a '
                'data set of its own, and join them by ConcatDataset.'
            )
