"""PASCAL VOC 2012 with the four folds of PASCAL-5i."""
import os

from mmseg.datasets import PascalVOCDataset
from mmseg.registry import DATASETS

NUM_FOLDS = 4


@DATASETS.register_module()
class PASCAL5iDataset(PascalVOCDataset):
    """mmseg's VOC data set that knows which classes a fold holds out.

    Fold f holds out the labels 5f + 1 to 5f + 5, in VOC's order. The metainfo
    names the ``novel_classes`` and ``base_classes``, which
    :class:`EpisodeDataset` and :class:`EpisodeIoUMetric` read.

    Args:
        fold (int): Which classes are novel, 0 to 3.
        data_root (str): VOC's own layout, with ``JPEGImages``,
            ``SegmentationClassAug`` (or what ``data_prefix`` says) and
            ``ImageSets``.
        metainfo (dict, optional): As in mmseg.
        kwargs: Of mmseg's ``PascalVOCDataset``.

    Raises:
        ValueError: If there is no such fold.
        FileNotFoundError: If ``data_root`` or a part of it does not exist.
    """

    def __init__(self,
                 fold: int = 0,
                 data_root: str = 'data/VOCdevkit/VOC2012',
                 metainfo: dict | None = None,
                 **kwargs):
        if fold not in range(NUM_FOLDS):
            raise ValueError(f'PASCAL-5i has folds 0 to 3, not {fold!r}.')
        parts = [kwargs.get('ann_file', '')]
        parts += kwargs.get('data_prefix', {}).values()
        for part in ('', *parts):
            path = os.path.join(data_root, part)
            if not os.path.exists(path):
                raise FileNotFoundError(
                    f'{path} does not exist. Say where PASCAL VOC lies by '
                    '`data_root` of the data set, for instance --cfg-options '
                    'test_dataloader.dataset.dataset.data_root=/data/VOC2012.')
        names = self.METAINFO['classes'][1:]
        novel = names[5 * fold:5 * fold + 5]
        folds = dict(
            fold=fold,
            novel_classes=novel,
            base_classes=tuple(n for n in names if n not in novel))
        super().__init__(
            data_root=data_root,
            metainfo={**folds, **(metainfo or {})},
            **kwargs)
