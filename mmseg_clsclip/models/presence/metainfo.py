"""A presence on its way through mmseg: in the metainfo, and in the results."""

from collections.abc import Sequence

import torch
from mmengine.structures import LabelData
from mmseg.utils import SampleList

from .clip_presence import Presence


def write_presence(presence: Presence, metas: Sequence[dict]) -> None:
    """Leave each picture's own in its metainfo, so that it is judged once."""
    for meta, *own in zip(metas, *presence):
        meta['presence'] = own


def read_presence(metas: Sequence[dict]) -> Presence | None:
    """Return what is in the metainfo; None there is None: ask for all names."""
    told = [meta['presence'] for meta in metas]
    known = next(filter(None, told), None)
    if known is None:
        return None
    # Beside others' None is: all names, and alike.
    probability, asked, prior = known
    alike = torch.ones_like(probability), asked | True, torch.zeros_like(prior)
    return Presence(*map(torch.stack, zip(*(own or alike for own in told))))


def tell_presence(presence: Presence, samples: SampleList) -> None:
    """Put a presence's parts (K,) into each result."""
    for sample, *own in zip(samples, *presence):
        sample.presence = LabelData(**dict(zip(Presence._fields, own)))
