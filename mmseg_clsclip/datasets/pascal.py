"""PASCAL-5i: VOC 2012 in four folds."""

from pathlib import Path

from mmseg.datasets import PascalVOCDataset
from mmseg.registry import DATASETS

from mmseg_clsclip_cli.messages import first_few

from ..utils.log import warn
from .episode_lists import picture_id
from .folds import FoldDataset

# VOC 2012 train and SBD without VOC 2012 val: PFENet's and BAM's list.
NUM_TRAIN = 5953


@DATASETS.register_module()
class PASCAL5iDataset(FoldDataset):
    """Episodes of VOC 2012, whose 20 classes are in four folds.

    Fold f holds out the labels 5f + 1 to 5f + 5, in VOC's order (Shaban et
    al., "One-Shot Learning for Semantic Segmentation", BMVC 2017). The
    arguments are those of :class:`FoldDataset`; ``data_root`` is VOC's own
    layout with the masks of SBD in ``SegmentationClassAug``, see
    ``docs/protocols.md``. Training on another list than the field's 5,953
    pictures is logged as a warning.

    Raises:
        ValueError: If a ``list_file`` has pictures of the other split.
    """

    NAME = 'PASCAL-5i'
    META = PascalVOCDataset.METAINFO
    DATA_ROOT = 'data/VOCdevkit/VOC2012'
    DATA_PREFIX = dict(img_path='JPEGImages', seg_map_path='SegmentationClassAug')
    ANN_FILE = 'ImageSets/Segmentation/{split}.txt'
    DRAWS_CLASS_FIRST = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.list_file is not None:
            self._check_split()
        if (
            not self.test_mode
            and self.list_file is None
            and len(self.dataset) != NUM_TRAIN
        ):
            warn(
                f'{self.dataset.ann_file} lists {len(self.dataset)} training '
                f'pictures; the PASCAL-5i of PFENet and BAM has {NUM_TRAIN}. '
                'docs/protocols.md says how to make its list.'
            )

    def _check_split(self) -> None:
        """Check the pictures of a list: VOC has those of both splits in one folder.

        Raises:
            ValueError: If a list names some of the other one.
        """
        ours, other = 'train', 'val'
        if self.test_mode:
            ours, other = other, ours
        listed = {
            picture_id(self.dataset.get_data_info(i)['img_path'])
            for i, _ in self.samples
        }
        wrong = sorted(listed & self._split_ids(other) - self._split_ids(ours))
        if wrong:
            raise ValueError(
                f"{self.list_file}: {len(wrong)} pictures are of VOC's "
                f'{other}.txt: {first_few(wrong)}. It is the list of another '
                f'split; take that of {ours!r}.'
            )

    def _split_ids(self, split: str) -> set[str]:
        """Return the ids of VOC's own list, none if it is not there."""
        path = Path(self.dataset.data_root, self.ANN_FILE.format(split=split))
        text = path.read_text('utf-8-sig') if path.is_file() else ''
        return set(text.split())

    @staticmethod
    def novel(fold: int) -> list[int]:
        """Return the labels, from 1, that a fold holds out."""
        return list(range(5 * fold + 1, 5 * fold + 6))
