"""What was measured: every result names its protocol."""

from collections.abc import Iterable

import numpy as np

# What the seen classes of a figure are, wherever there are any: the
# background is what a class is told from, not one that was learned.
SEEN = 'all but the unseen ones and the background'


def dataset_protocol(dataset) -> dict:
    """What a data set says of itself; of another, its class and its size."""
    said = dataset.metainfo.get('protocol') or dict(pictures=len(dataset))
    return {'dataset': type(dataset).__name__, **said}


def traits_of(data_batch: dict, index: int, sample: dict) -> tuple:
    """What a sample tells of how it was asked.

    Args:
        data_batch (dict): As the data loader gives it. Only with test-time
            augmentation it is read: the merged sample knows one view alone.
        index (int): Of the sample in its batch.
        sample (dict): The sample with its metainfo.

    Returns:
        tuple: The size (H, W) or None of each view, the source of the
        proposals or None, and a geometry of its own, such as BAM's, or None.
        Plain Python, so that it travels between processes.
    """
    views = [sample]
    batch = data_batch.get('data_samples') if data_batch else None
    if batch and isinstance(batch[0], (list, tuple)):
        views = [view[index].metainfo for view in batch]
    shapes = [view.get('img_shape') for view in views]
    return (
        tuple(s and tuple(int(side) for side in s[:2]) for s in shapes),
        sample.get('proposal_source'),
        sample.get('geometry'),
    )


def input_size(sizes: set) -> str:
    """One size, the side that all have in common, or the range."""
    if None in sizes or not sizes:
        return 'unknown'
    ordered = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    if len(ordered) == 1:
        return '{}x{}'.format(*ordered[0])
    # Between folds the range differs with the pictures, this does not.
    for word, side in (('short', min), ('long', max)):
        if len({side(size) for size in ordered}) == 1:
            return f'{word} side {side(ordered[0])}'
    return '{}x{} to {}x{}'.format(*ordered[0], *ordered[-1])


def describe_protocol(dataset_meta: dict, traits: Iterable[tuple], **more) -> dict:
    """The protocol of a result, ready for JSON.

    Args:
        dataset_meta (dict): Metainfo of the data set. What its ``protocol``
            says, if it has one, comes first.
        traits (Iterable[tuple]): Of every sample, by :func:`traits_of`.
        more: What the metric adds.

    Returns:
        dict: The data set's entries and ``more``, then ``input_size`` ("HxW",
        "short side S" or "long side S" if that is what all have in common,
        "HxW to HxW", or "unknown"), ``views`` (how many of a picture were
        joined, 1 without test-time augmentation), ``proposals`` ("none"
        where no zoom-in took place) and, if it is not mmseg's, ``geometry``.
    """
    traits = set(traits)
    views = sorted({len(shapes) for shapes, *_ in traits}) or [1]
    sources = sorted({str(source or 'none') for _, source, _ in traits})
    geometries = sorted({str(geometry) for *_, geometry in traits if geometry})
    if geometries:
        more['geometry'] = ' and '.join(geometries)
    protocol = dict(
        dataset_meta.get('protocol') or {},
        **more,
        input_size=input_size({s for shapes, *_ in traits for s in shapes}),
        views=views[0] if len(views) == 1 else views,
        proposals=' and '.join(sources) or 'none',
    )
    # mmengine writes numpy's numbers as null.
    return {
        key: value.item() if isinstance(value, np.generic) else value
        for key, value in protocol.items()
    }


def protocol_line(protocol: dict) -> str:
    """The protocol in one line, for below a table."""
    words = []
    for key, value in protocol.items():
        if isinstance(value, (list, tuple)):
            value = ' '.join(map(str, value))
        words.append(f'{key.replace("_", " ")} {value}')
    return 'protocol: ' + ', '.join(words)
