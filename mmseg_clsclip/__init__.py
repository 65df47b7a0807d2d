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
    EpisodeCrop,
    EpisodeDataset,
    FoldDataset,
    GaussianBlur,
    MakeEpisode,
    PASCAL5iDataset,
    PascalVOCDataset20,
    RemovablePad,
    Shapes5iDataset,
)
from .engine import (
    CheckpointFormatHook,
    EpisodeVisualizerHook,
    EvaluationGuardHook,
    HonestScoresHook,
    TrainableOptimWrapperConstructor,
    ZeroShotRecordHook,
)
from .evaluation import (
    EpisodeIoUMetric,
    ErrorSharesMetric,
    GeneralizedZeroShotIoUMetric,
)
from .models import (
    BinaryDiceLoss,
    CLIPPresence,
    CLIPSegmentor,
    CLIPVisionTransformer,
    ClsCLIP,
    ClsCLIPHead,
    ClsCLIPVisionTransformer,
    DenseCLIP,
    DenseCLIPHead,
    DenseCLIPVisionTransformer,
    FiLMHead,
    GatedAndNavigatedVisionTransformer,
    LateFusionHead,
    HuggingFaceSegmentor,
    LateFusionSegmentor,
    LSegHead,
    NavigatedLateFusionSegmentor,
    OpenCLIPTextEncoder,
    PseudoInverseVisionTransformer,
    QueryDenseCLIP,
    TextGatedVisionTransformer,
    TokenHead,
    VisualPromptVisionTransformer,
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
from .utils.arguments import check_registered
from .utils.config_files import register_prefix
from .version import __version__
from .visualization import EpisodeVisualizer, draw_zoom_in
from .zoom_in import ZoomIn

check_registered()
register_prefix()

__all__ = [
    'BAMLetterbox',
    'BaseProposals',
    'BinaryDiceLoss',
    'CLIPPresence',
    'CLIPSegmentor',
    'CLIPVisionTransformer',
    'COCO20iDataset',
    'COCOObjectDataset',
    'COCOResultsProposals',
    'CheckpointFormatHook',
    'ClsCLIP',
    'ClsCLIPHead',
    'ClsCLIPVisionTransformer',
    'DenseCLIP',
    'DenseCLIPHead',
    'DenseCLIPVisionTransformer',
    'DetectorProposals',
    'EpisodeCrop',
    'EpisodeDataset',
    'EpisodeIoUMetric',
    'EpisodeVisualizer',
    'EpisodeVisualizerHook',
    'ErrorSharesMetric',
    'EvaluationGuardHook',
    'FiLMHead',
    'FoldDataset',
    'GatedAndNavigatedVisionTransformer',
    'GaussianBlur',
    'GeneralizedZeroShotIoUMetric',
    'GroundTruthProposals',
    'HonestScoresHook',
    'HuggingFaceSegmentor',
    'LSegHead',
    'LateFusionHead',
    'LateFusionSegmentor',
    'MakeEpisode',
    'NavigatedLateFusionSegmentor',
    'OpenCLIPTextEncoder',
    'PASCAL5iDataset',
    'PascalVOCDataset20',
    'Predictor',
    'PseudoInverseVisionTransformer',
    'QueryDenseCLIP',
    'RemovablePad',
    'SelfProposals',
    'Shapes5iDataset',
    'TextGatedVisionTransformer',
    'TokenHead',
    'TorchvisionProposals',
    'TrainableOptimWrapperConstructor',
    'VisualPromptVisionTransformer',
    'WindowProposals',
    'ZeroShotRecordHook',
    'ZoomIn',
    '__version__',
    'draw_zoom_in',
    'load_clip',
]

# Of version 0.1, for one more: `type=` in a config finds them, too.
_RENAMED = {
    'LateFusion': 'LateFusionSegmentor',
    'NavigatedLateFusion': 'NavigatedLateFusionSegmentor',
    'PseudoInverseStart': 'PseudoInverseVisionTransformer',
    'TextAsWeights': 'TextGatedVisionTransformer',
    'TransformersSegmentor': 'HuggingFaceSegmentor',
    'VisualPromptTuning': 'VisualPromptVisionTransformer',
}


def __getattr__(name: str) -> type:
    """Find a class by the name that it had."""
    if name in _RENAMED:
        return globals()[_RENAMED[name]]
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
