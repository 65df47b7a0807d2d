"""ClsCLIP for MMSegmentation: zero-shot segmentation by the text's [CLS].

Importing this package registers its classes in mmseg's registries; a config
needs no more than ``custom_imports = dict(imports=['mmseg_clsclip'])``.
"""

# isort: skip_file
# ruff: noqa: E402
from . import compat

# First: with mmcv-lite the rest would not import without it.
compat.apply()

from .apis import Predictor
from .datasets import (
    BAMLetterbox,
    COCO20iDataset,
    COCOObjectDataset,
    EpisodeDataset,
    FoldDataset,
    MakeEpisode,
    PASCAL5iDataset,
    PascalVOCDataset20,
    Shapes5iDataset,
)
from .engine import HonestScoresHook, TrainableOptimWrapperConstructor
from .evaluation import EpisodeIoUMetric, GeneralizedZeroShotIoUMetric
from .models import (
    BinaryDiceLoss,
    ClsCLIP,
    ClsCLIPHead,
    ClsCLIPVisionTransformer,
    DenseCLIP,
    DenseCLIPHead,
    DenseCLIPVisionTransformer,
    FiLMHead,
    LateFusion,
    LSegHead,
    NavigatedLateFusion,
    OpenCLIPTextEncoder,
    PseudoInverseStart,
    TextAsWeights,
    TokenHead,
    TransformersSegmentor,
    VisualPromptTuning,
    load_clip,
)
from .proposals import (
    BaseProposals,
    COCOResultsProposals,
    DetectorProposals,
    GroundTruthProposals,
    SelfProposals,
    TorchvisionProposals,
    WindowProposals,
)
from .utils import config_bases
from .utils.arguments import check_registered
from .version import __version__
from .visualization import EpisodeVisualizer, draw_zoom_in
from .zoom_in import ZoomIn

check_registered()
config_bases.register()

__all__ = [
    'BAMLetterbox',
    'BaseProposals',
    'BinaryDiceLoss',
    'COCO20iDataset',
    'COCOObjectDataset',
    'COCOResultsProposals',
    'ClsCLIP',
    'ClsCLIPHead',
    'ClsCLIPVisionTransformer',
    'DenseCLIP',
    'DenseCLIPHead',
    'DenseCLIPVisionTransformer',
    'DetectorProposals',
    'EpisodeDataset',
    'EpisodeIoUMetric',
    'EpisodeVisualizer',
    'FiLMHead',
    'FoldDataset',
    'GeneralizedZeroShotIoUMetric',
    'GroundTruthProposals',
    'HonestScoresHook',
    'LSegHead',
    'LateFusion',
    'MakeEpisode',
    'NavigatedLateFusion',
    'OpenCLIPTextEncoder',
    'PASCAL5iDataset',
    'PascalVOCDataset20',
    'Predictor',
    'PseudoInverseStart',
    'SelfProposals',
    'Shapes5iDataset',
    'TextAsWeights',
    'TokenHead',
    'TorchvisionProposals',
    'TrainableOptimWrapperConstructor',
    'TransformersSegmentor',
    'VisualPromptTuning',
    'WindowProposals',
    'ZoomIn',
    '__version__',
    'draw_zoom_in',
    'load_clip',
]
