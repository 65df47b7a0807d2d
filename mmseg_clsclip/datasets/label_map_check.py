"""Data sets that are tested on whole label maps, as mmseg has them."""

import weakref
from collections.abc import Collection, Iterable, Iterator

import numpy as np
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import LoadAnnotations

from .masks import IGNORE, check_classes, check_mask, check_use
from .transforms.checked_load_annotations import CheckedLoadAnnotations, replace_loaders
from .transforms.pipeline_steps import step_places
from .wrappers import innermost_datasets, reduces_zero_label

# Masks whose values are looked at before a test; and data sets, of which a
# training validates the same again and again.
_MASKS, _seen = 32, weakref.WeakSet()


def replace_mask_loaders(dataset) -> None:
    """Have a data set's masks read by :class:`CheckedLoadAnnotations`.

    Args:
        dataset: Built, in whatever mmengine wraps around it.
    """
    for part in innermost_datasets(dataset):
        replace_loaders(getattr(part, 'pipeline', None))


def check_label_maps(dataset, metrics: Iterable = ()) -> None:
    """Refuse masks that do not mean what the names say.

    What :class:`EpisodeDataset` checks for itself, of what is inside of
    mmengine's wrappers. Data sets that read their masks in a way of their
    own, or have none, are left alone.

    Args:
        dataset: To be tested on.
        metrics (Iterable): Of the test; what one ignores is no label.

    Raises:
        ValueError: If a value is no label, no mask shows a class, or labels
            and names do not belong together; names the file where it is one.
        OSError: If a mask cannot be read; names the file.
    """
    ignored = [
        metric.ignore_index for metric in metrics if hasattr(metric, 'ignore_index')
    ]
    for part in innermost_datasets(dataset):
        if not isinstance(part, BaseSegDataset) or part in _seen:
            continue
        loaders = [
            steps[place]
            for steps, place in step_places(part.pipeline)
            if type(steps[place]) in (LoadAnnotations, CheckedLoadAnnotations)
        ]
        if not loaders or not len(part):
            continue
        classes = part.metainfo.get('classes')
        check_classes(classes, type(part).__name__)
        check_use(
            classes,
            _areas(part, loaders[0], ignored),
            reduces_zero_label(part),
            part.get_data_info(0).get('seg_map_path'),
            at_least=_MASKS,
        )
        _seen.add(part)


def _areas(
    dataset: BaseSegDataset, loader: LoadAnnotations, ignored: Collection[int]
) -> Iterator[np.ndarray]:
    """Return pixels of every label (256,) in each mask, as a test sees them.

    Some that are far from each other come first.
    """
    number = len(dataset)
    some = np.linspace(0, number - 1, min(_MASKS, number)).astype(int)
    for index in dict.fromkeys([*some.tolist(), *range(number)]):
        info = dataset.get_data_info(index)
        path = info.get('seg_map_path')
        try:
            labels = loader(info)['gt_seg_map']
        except (FileNotFoundError, KeyError):
            return  # a test without the truth, as for a benchmark's server
        except OSError as error:
            if str(path) in str(error):
                raise  # some decoders do not know the file's name
            raise OSError(f'{path} cannot be read: {error}') from error
        labels = np.where(
            np.isin(labels, [dataset.ignore_index, *ignored]), IGNORE, labels
        )
        yield check_mask(labels, path, len(dataset.metainfo['classes']))
