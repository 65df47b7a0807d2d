"""COCO's 80 object classes, and the episodes of COCO-20i."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from mmseg.datasets import COCOStuffDataset
from mmseg.registry import DATASETS

from ..utils.keys import Protocol
from .folds import NUM_FOLDS, FoldDataset

# COCO-Stuff counts the objects first, in COCO's own order.
COCO_CLASSES = tuple(COCOStuffDataset.METAINFO['classes'][:80])
# Those of COCO's names that VOC spells differently.
COCO_TO_VOC = {
    'airplane': 'aeroplane',
    'couch': 'sofa',
    'dining table': 'diningtable',
    'motorcycle': 'motorbike',
    'potted plant': 'pottedplant',
    'tv': 'tvmonitor',
}
COCO_METAINFO = dict(
    classes=('background', *COCO_CLASSES),
    palette=[[0, 0, 0], *COCOStuffDataset.METAINFO['palette'][:80]],
)


def _fold_name(name: str) -> str:
    """Return a name without its capitals and what separates its words."""
    name = unicodedata.normalize('NFC', str(name).casefold())
    # No other sign: c++ is not c, and of some scripts vowels are marks.
    return re.sub(r'[\s_-]', '', name) or name


_FOLDED_TO_VOC = {
    _fold_name(coco): _fold_name(voc) for coco, voc in COCO_TO_VOC.items()
}


def _identify_class(name: str) -> str:
    """Return what all spellings of a class have in common."""
    folded = _fold_name(name)
    return _FOLDED_TO_VOC.get(folded, folded)


def seen_among(unseen: Iterable[str], trained: Iterable[str]) -> list[str]:
    """Return which of some classes were trained on, in whatever spelling.

    ``'tv'``, ``'TV monitor'`` and ``'tvmonitor'`` are one class.
    """
    known = set(map(_identify_class, trained))
    return [name for name in unseen if _identify_class(name) in known]


@DATASETS.register_module()
class COCO20iDataset(FoldDataset):
    """Episodes of COCO 2014, whose 80 classes are in four interleaved folds.

    Fold f holds out the labels f + 1, f + 5, ... f + 77 in COCO's order, from
    1 (Nguyen and Todorovic, "Feature Weighting and Boosting for Few-Shot
    Segmentation", ICCV 2019; HSNet, BAM and all after them). PANet's
    contiguous folds are another protocol, and lists of them are refused.

    The arguments are those of :class:`FoldDataset`. Below ``data_root`` lie
    the pictures in ``train2014`` and ``val2014`` and the masks, index PNGs of
    the pictures' names, in ``annotations/train2014`` and
    ``annotations/val2014``: HSNet's layout. To count the pairs of so many
    masks takes minutes, so write a ``list_file`` once.

    Raises:
        ValueError: As :class:`FoldDataset`, and if ``episodes`` is ``'bam'`` or
            ``'esda'`` and the list is not in BAM's order.
    """

    NAME = 'COCO-20i'
    META = COCO_METAINFO
    DATA_ROOT = 'data/coco'
    DATA_PREFIX = dict(img_path='{split}2014', seg_map_path='annotations/{split}2014')
    ANN_FILE = ''

    def _list_samples(self, pictures: Sequence[int]) -> tuple[list, Protocol]:
        """Refuse BAM's way through a list that is not in BAM's own order.

        On COCO that is no alphabetical one, which all others have.
        """
        samples, protocol = super()._list_samples(pictures)
        if self._draw.follows_a_list and self.test_mode:
            if self.list_file is None:
                raise self._draw.explain_order('a test without a list')
            order = [*dict(samples)]  # indices are alphabetical
            if len(order) > 1 and order == sorted(order):
                raise self._draw.explain_order(f'{self.list_file} (alphabetical)')
        return samples, protocol

    @staticmethod
    def novel(fold: int) -> list[int]:
        """Return the labels, from 1, that a fold holds out."""
        return list(range(fold + 1, 81, NUM_FOLDS))

    def _explain_labels(self, labels: set[int]) -> str:
        """Return which fold of which split a refused list could be of."""

        def fitting(folds):
            # In training the list holds all but the fold.
            return ' or '.join(
                str(number)
                for number, fold in enumerate(folds)
                if (labels <= set(fold) if self.test_mode else labels.isdisjoint(fold))
            )

        if not labels <= set(range(1, 81)):
            return ''
        ours = fitting(map(self.novel, range(NUM_FOLDS)))
        contiguous = fitting(range(20 * f + 1, 20 * f + 21) for f in range(NUM_FOLDS))
        if ours:
            # Few labels fit both; the nearer mistake is the fold.
            return f' It fits fold {ours}.'
        if contiguous:
            return (
                f' It fits fold {contiguous} of the contiguous split '
                '(PANet: fold f is the labels 20f + 1 to 20f + 20), which '
                'is another protocol; COCO-20i is interleaved (f + 1, '
                'f + 5, ... f + 77).'
            )
        return ''
