"""EpisodeCrop: a crop that seldom loses what is asked for."""

import numpy as np
from mmseg.datasets.transforms import RandomCrop
from mmseg.registry import TRANSFORMS

from ...utils.arguments import Count, Share
from ...utils.keys import CLASS_NAME


@TRANSFORMS.register_module()
class EpisodeCrop(RandomCrop):
    """mmseg's ``RandomCrop`` after :class:`MakeEpisode`, as ESDA crops.

    A crop that has too little of the class is drawn again; the last one is
    taken as it is, so that the class can still be cropped away.

    Args:
        kept_share (float): Of the class's pixels, that a crop shall have.
        tries (int): How many crops are drawn at most.
        kwargs: Of ``RandomCrop``.

    Raises:
        ValueError: In the call, if no class was asked for.
    """

    def __init__(self, kept_share: Share = 0.85, tries: Count = 32, **kwargs):
        super().__init__(**kwargs)
        self.kept_share = kept_share
        self.tries = tries

    def crop_bbox(self, results: dict) -> tuple[int, int, int, int]:
        """Return top, bottom, left and right of the crop, in pixels."""
        if not isinstance(results.get(CLASS_NAME), str):
            raise ValueError(
                f'EpisodeCrop: {CLASS_NAME} is {results.get(CLASS_NAME)!r}. Put it '
                'after MakeEpisode with names_per_picture=1, of an EpisodeDataset, or '
                'take RandomCrop.'
            )
        mask = results['gt_seg_map'] == 1
        wanted = self.kept_share * np.count_nonzero(mask)
        for _ in range(self.tries):
            bbox = super().crop_bbox(results)
            if np.count_nonzero(self.crop(mask, bbox)) >= wanted:
                break
        return bbox
