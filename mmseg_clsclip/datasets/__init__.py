"""Episodes, their folds and lists, and the data sets they are made of."""
from .coco import COCO20iDataset, COCOObjectDataset
from .episodes import EpisodeDataset
from .folds import FoldDataset
from .label_maps import check_label_maps
from .letterbox import BAMLetterbox
from .load_annotations import LoadAnnotations
from .make_episode import MakeEpisode
from .pascal import PASCAL5iDataset
from .shapes import Shapes5iDataset, ShapesBackend
from .voc20 import PascalVOCDataset20

__all__ = [
    'BAMLetterbox', 'COCO20iDataset', 'COCOObjectDataset', 'EpisodeDataset',
    'FoldDataset', 'LoadAnnotations', 'MakeEpisode', 'PASCAL5iDataset',
    'PascalVOCDataset20', 'Shapes5iDataset', 'ShapesBackend',
    'check_label_maps'
]
