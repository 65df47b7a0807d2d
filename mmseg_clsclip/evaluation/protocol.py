"""The protocol of a result: all that its figures depend on."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from mmengine.dataset import BaseDataset

from ..utils.keys import PROTOCOL, DatasetMeta, Protocol

# What the seen classes of a figure are, wherever there are any: the
# background is what a class is told from, not one that was learned.
SEEN = 'all but the unseen ones and the background'


@dataclass(frozen=True)
class SampleTraits:
    """How a sample was asked. Plain Python, to travel between processes.

    Attributes:
        view_sizes: The size (H, W) of each view, None where it is not known.
        proposal_source: Where proposals are from, None without zoom-in.
        geometry: A geometry of its own, such as BAM's.
    """

    view_sizes: tuple[tuple[int, int] | None, ...]
    proposal_source: str | None = None
    geometry: str | None = None


def dataset_protocol(dataset: BaseDataset) -> Protocol:
    """Return a data set's protocol, with its size; of another's, its class and that."""
    protocol = {'dataset': type(dataset).__name__}
    protocol |= dataset.metainfo.get(PROTOCOL) or {}
    if 'pairs' not in protocol:
        protocol['pictures'] = len(dataset)
    return protocol


def sample_traits(data_batch: dict, index: int, sample: dict) -> SampleTraits:
    """Return how a sample was asked.

    Args:
        data_batch (dict): As the data loader gives it. Only with test-time
            augmentation it is read: the merged sample knows one view alone.
        index (int): Of the sample in its batch.
        sample (dict): The sample with its metainfo.
    """
    views = [sample]
    batch = data_batch.get('data_samples') if data_batch else None
    if batch and isinstance(batch[0], (list, tuple)):
        views = [view[index].metainfo for view in batch]
    shapes = [view.get('img_shape') for view in views]
    return SampleTraits(
        tuple(shape and tuple(map(int, shape[:2])) for shape in shapes),
        sample.get('proposal_source'),
        sample.get('geometry'),
    )


def input_size(sizes: set) -> str:
    """Return the one size, the side that all have in common, or the range."""
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


def describe_protocol(
    dataset_meta: DatasetMeta, traits: Iterable[SampleTraits], **more
) -> Protocol:
    """Return the protocol of a result, ready for JSON.

    Args:
        dataset_meta (DatasetMeta): Metainfo of the data set. What its ``protocol``
            says, if it has one, comes first.
        traits (Iterable[SampleTraits]): Of every sample.
        more: What the metric adds.

    Returns:
        Protocol: The data set's entries and ``more``, then ``input_size`` ("HxW",
        "short side S" or "long side S" if that is what all have in common,
        "HxW to HxW", or "unknown"), ``views`` (how many of a picture were
        joined, 1 without test-time augmentation), ``proposals`` ("none"
        where no zoom-in took place) and, if it is not mmseg's, ``geometry``.
    """
    traits = set(traits)
    views = sorted({len(sample.view_sizes) for sample in traits}) or [1]
    sources = sorted({str(sample.proposal_source or 'none') for sample in traits})
    geometries = sorted({str(sample.geometry) for sample in traits if sample.geometry})
    if geometries:
        more['geometry'] = ' and '.join(geometries)
    protocol = dict(
        dataset_meta.get(PROTOCOL) or {},
        **more,
        input_size=input_size(
            {size for sample in traits for size in sample.view_sizes}
        ),
        views=views[0] if len(views) == 1 else views,
        proposals=' and '.join(sources) or 'none',
    )
    # mmengine writes numpy's numbers as null.
    return {
        key: value.item() if isinstance(value, np.generic) else value
        for key, value in protocol.items()
    }


def protocol_line(protocol: Protocol) -> str:
    """Return the protocol in one line, for below a table."""
    words = []
    for key, value in protocol.items():
        if isinstance(value, (list, tuple)):
            value = ' '.join(map(str, value))
        words.append(f'{key.replace("_", " ")} {value}')
    return 'protocol: ' + ', '.join(words)
