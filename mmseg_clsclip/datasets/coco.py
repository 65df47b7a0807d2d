"""COCO's 80 object classes: COCO-20i and COCO-Object."""

from collections.abc import Iterable

from mmengine import fileio
from mmseg.datasets import BaseSegDataset, COCOStuffDataset
from mmseg.registry import DATASETS

from ..utils.files import require_files
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
_META = dict(
    classes=('background', *COCO_CLASSES),
    palette=[[0, 0, 0], *COCOStuffDataset.METAINFO['palette'][:80]],
)
_HINT = (
    '`tools/dataset_converters/coco_20i.py masks` writes the masks from '
    'instances_*.json, see docs/protocols.md.'
)


def seen_among(unseen: Iterable[str], trained: Iterable[str]) -> list[str]:
    """Return which of some classes were trained on, in VOC's or COCO's spelling."""
    known = {COCO_TO_VOC.get(name, name) for name in trained}
    return [name for name in unseen if COCO_TO_VOC.get(name, name) in known]


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
    """

    NAME = 'COCO-20i'
    META = _META
    DATA_ROOT = 'data/coco'
    DATA_PREFIX = dict(img_path='{split}2014', seg_map_path='annotations/{split}2014')
    ANN_FILE = ''

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


@DATASETS.register_module()
class COCOObjectDataset(BaseSegDataset):
    """COCO-Object: the background and COCO's 80 classes, all at once.

    One of the open-vocabulary benchmarks; its pictures are those of COCO's
    val2017. A mask is an index PNG of its picture's name: 0 is the
    background, 1 to 80 are the classes in COCO's order. The arguments are
    those of mmseg's ``BaseSegDataset``.

    Raises:
        FileNotFoundError: If a folder, ``ann_file`` or masks do not exist.
        ValueError: If there is no picture.
    """

    METAINFO = _META

    def load_data_list(self) -> list[dict]:
        """Return an entry a picture, all of which have a mask."""
        backend = fileio.get_file_backend(
            self.data_prefix['img_path'], backend_args=self.backend_args
        )
        for key, path in self.data_prefix.items():
            if path is not None and not backend.isdir(path):
                raise FileNotFoundError(
                    f'The folder {path} does not exist. Mend data_root or '
                    f'data_prefix.{key} of COCO-Object. {_HINT}'
                )
        if self.ann_file and not backend.exists(self.ann_file):
            raise FileNotFoundError(
                f'{self.ann_file} does not exist. It is a file with an id a '
                "line, or '' for every picture of the folder."
            )
        entries = super().load_data_list()
        if not entries:
            raise ValueError(
                f'No picture *{self.img_suffix} in {self.data_prefix["img_path"]}.'
            )
        masks = [entry.get('seg_map_path') for entry in entries]
        require_files([m for m in masks if m], 'masks', _HINT, backend.isfile)
        return entries
