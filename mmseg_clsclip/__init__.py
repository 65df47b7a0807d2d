"""ClsCLIP for MMSegmentation: zero-shot segmentation by the text's [CLS].

Importing this package registers its classes in mmseg's registries; a config
needs no more than ``custom_imports = dict(imports=['mmseg_clsclip'])``.
"""
# isort: skip_file
# ruff: noqa: E402
from . import compat

# First: with mmcv-lite the rest would not import without it.
compat.apply()

from . import config_bases
from .arguments import check_registered
from .backbone import ClsCLIPVisionTransformer
from .baselines import (DenseCLIP, DenseCLIPHead, DenseCLIPVisionTransformer,
                        FiLMHead, LateFusion, LSegHead, NavigatedLateFusion,
                        PseudoInverseStart, TextAsWeights, TokenHead,
                        TransformersSegmentor, VisualPromptTuning)
from .clip import load_clip
from .datasets import (BAMLetterbox, COCO20iDataset, COCOObjectDataset,
                       EpisodeDataset, FoldDataset, MakeEpisode,
                       PASCAL5iDataset, PascalVOCDataset20, Shapes5iDataset)
from .decode_head import ClsCLIPHead
from .demo import Predictor
from .evaluation import (EpisodeIoUMetric, GeneralizedZeroShotIoUMetric,
                         HonestScoresHook)
from .losses import BinaryDiceLoss
from .optim import TrainableOptimWrapperConstructor
from .proposals import (COCOResultsProposals, GroundTruthProposals,
                        SelfProposals, TorchvisionProposals, WindowProposals)
from .segmentor import ClsCLIP
from .text_encoder import OpenCLIPTextEncoder
from .version import __version__
from .visualization import EpisodeVisualizer, draw_zoom_in
from .zoom_in import ZoomIn

check_registered()
config_bases.register()

__all__ = [
    'BAMLetterbox', 'BinaryDiceLoss', 'COCO20iDataset', 'COCOObjectDataset',
    'COCOResultsProposals', 'ClsCLIP', 'ClsCLIPHead',
    'ClsCLIPVisionTransformer', 'DenseCLIP', 'DenseCLIPHead',
    'DenseCLIPVisionTransformer', 'EpisodeDataset', 'EpisodeIoUMetric',
    'EpisodeVisualizer', 'FiLMHead', 'FoldDataset',
    'GeneralizedZeroShotIoUMetric', 'GroundTruthProposals', 'HonestScoresHook',
    'LSegHead', 'LateFusion', 'MakeEpisode', 'NavigatedLateFusion',
    'OpenCLIPTextEncoder', 'PASCAL5iDataset', 'PascalVOCDataset20',
    'Predictor', 'PseudoInverseStart', 'SelfProposals', 'Shapes5iDataset',
    'TextAsWeights', 'TokenHead', 'TorchvisionProposals',
    'TrainableOptimWrapperConstructor', 'TransformersSegmentor',
    'VisualPromptTuning', 'WindowProposals', 'ZoomIn', '__version__',
    'draw_zoom_in', 'load_clip'
]
