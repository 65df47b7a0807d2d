"""MakeEpisode: from a label map to the mask of one class, or of a few."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from ...utils.arguments import Count, Share
from ...utils.keys import BASE_CLASSES, CLASS_NAME
from ..arguments import Area
from ..masks import IGNORE, check_mask


@TRANSFORMS.register_module()
class MakeEpisode(BaseTransform):
    """Turn a label map into the binary mask of one class, or of a few.

    Required keys: gt_seg_map, classes and base_classes; class_name if the
    class is given. Optional keys: candidates (names that may be drawn),
    ignored_labels (become 255), dropped_labels (refused). Added key:
    class_name. Modified key: gt_seg_map, (H, W) uint8: 1 where the class is,
    255 where it is ignored.
    With ``names_per_picture`` above 1 ``class_name`` is a tuple of names, and the
    mask has i + 1 where the i-th of them is, 0 where none is.
    Without label map, as in mmseg's inferencer, or without EpisodeDataset
    around the data set, nothing is done: whole vocabularies are asked for.

    Put it after the cropping, so that what is asked for is in the picture, or
    before it, as in ESDA: the class may then be cropped away, and the mask is
    empty. List ``'class_name'`` in the ``meta_keys`` of ``PackSegInputs``.

    Args:
        absent_share (float): How often a training picture is asked for a base
            class that is *not* in it; the mask is then empty. Where nothing
            else can be asked for another picture is drawn, so the share of
            the samples is larger. 0, the paper's recipe, never teaches the
            model to say "not here", which it must when a whole vocabulary is
            asked. Of several names this share is absent, rounded, and more
            where too few are there.
        min_area (float): Pixels that a class must cover to be drawn.
        any_present (bool): Draw from all base classes that are in the picture,
            as ESDA does, in place of those alone whose pair with it is in the
            data set's list or large enough for it.
        names_per_picture (int): How many base classes a training picture is
            asked for. Defaults to 1, the paper's.

    Raises:
        ValueError: If a mask holds a value that is no class, or a novel class
            whose pictures were to be left out, or there are fewer base classes
            than ``names_per_picture``.
    """

    def __init__(
        self,
        absent_share: Share = 0.0,
        min_area: Area = 1,
        names_per_picture: Count = 1,
        any_present: bool = False,
    ):
        self.absent_share = absent_share
        self.min_area = min_area
        self.names_per_picture = names_per_picture
        self.any_present = any_present

    def transform(self, results: dict) -> dict | None:
        """Return the results, or None if there is nothing to learn.

        That is if no base class can be drawn, or every pixel is ignored.
        """
        if 'gt_seg_map' not in results or 'classes' not in results:
            return results
        classes, labels = results['classes'], results['gt_seg_map']
        path = results.get('seg_map_path', 'A mask')
        areas = check_mask(labels, path, len(classes))
        if areas[results.get('dropped_labels', [])].any():
            raise ValueError(
                f'{path} holds a novel class, though novel_handling is '
                "'drop_image'. The list of the training pictures was made "
                "otherwise: set novel_handling to 'background' or 'ignore', "
                'or take a list without such pictures.'
            )
        drawn = CLASS_NAME not in results
        if drawn:
            base = results[BASE_CLASSES]
            candidates = base if self.any_present else results.get('candidates', base)
            present = [
                c for c in candidates if areas[classes.index(c)] >= self.min_area
            ]
            absent = [c for c in base if not areas[classes.index(c)]]
            names = self._draw_names(present, absent, len(base))
            if names is None:
                return None
            results[CLASS_NAME] = names if self.names_per_picture > 1 else names[0]
        asked = results[CLASS_NAME]
        mask = np.zeros_like(labels, dtype=np.uint8)
        for number, name in enumerate([asked] if isinstance(asked, str) else asked):
            mask[labels == classes.index(name)] = number + 1
        mask[labels == IGNORE] = IGNORE
        mask[np.isin(labels, results.get('ignored_labels', []))] = IGNORE
        if drawn and (mask == IGNORE).all():  # an absent class can meet this
            return None
        results['gt_seg_map'] = mask
        return results

    def _draw_names(
        self, present: list[str], absent: list[str], num_base: int
    ) -> tuple[str, ...] | None:
        """Draw what a picture is asked for, or None if it cannot be.

        Args:
            present (list[str]): Base classes that are in the picture.
            absent (list[str]): Those that are not.
            num_base (int): All base classes.
        """
        number = self.names_per_picture
        if number == 1:
            ask_absent = absent and np.random.rand() < self.absent_share
            candidates = absent if ask_absent else present
            if not candidates:
                return None
            return (candidates[np.random.randint(len(candidates))],)
        if number > num_base:
            raise ValueError(
                f'MakeEpisode: names_per_picture={number}, and there are {num_base} '
                'base classes: write at most so many.'
            )
        wanted = number - round(number * self.absent_share)
        if len(present) + len(absent) < number or (wanted and not present):
            return None
        # Fewer where the picture has fewer, more where too few are absent.
        wanted = max(min(wanted, len(present)), number - len(absent))
        return (
            *np.random.permutation(present)[:wanted].tolist(),
            *np.random.permutation(absent)[: number - wanted].tolist(),
        )

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(absent_share={self.absent_share}, '
            f'min_area={self.min_area}, '
            f'names_per_picture={self.names_per_picture}, '
            f'any_present={self.any_present})'
        )
