"""Episodes, their folds and lists, and the data sets they are made of."""

from .coco import COCO20iDataset
from .coco_object import COCOObjectDataset
from .episode_dataset import EpisodeDataset
from .folds import FoldDataset
from .label_map_check import check_label_maps, replace_mask_loaders
from .pascal import PASCAL5iDataset
from .shapes import Shapes5iDataset, ShapesBackend
from .transforms.bam_letterbox import BAMLetterbox
from .transforms.checked_load_annotations import CheckedLoadAnnotations
from .transforms.episode_crop import EpisodeCrop
from .transforms.gaussian_blur import GaussianBlur
from .transforms.make_episode import MakeEpisode
from .transforms.removable_pad import RemovablePad
from .voc20 import PascalVOCDataset20

__all__ = [
    'BAMLetterbox',
    'COCO20iDataset',
    'COCOObjectDataset',
    'CheckedLoadAnnotations',
    'EpisodeCrop',
    'EpisodeDataset',
    'FoldDataset',
    'GaussianBlur',
    'MakeEpisode',
    'PASCAL5iDataset',
    'PascalVOCDataset20',
    'RemovablePad',
    'Shapes5iDataset',
    'ShapesBackend',
    'check_label_maps',
    'replace_mask_loaders',
]
