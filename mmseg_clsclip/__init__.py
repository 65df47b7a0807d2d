"""ClsCLIP for MMSegmentation: zero-shot segmentation by the text's [CLS].

Importing this package registers its classes in mmseg's registries; a config
needs no more than ``custom_imports = dict(imports=['mmseg_clsclip'])``.
"""
from . import compat

compat.apply()

# After compat: with mmcv-lite these would not import without it.
from .backbone import ClsCLIPVisionTransformer  # noqa: E402
from .clip import load_clip  # noqa: E402
from .datasets import (EpisodeDataset, MakeEpisode,  # noqa: E402
                       PASCAL5iDataset, Shapes5iDataset)
from .decode_head import ClsCLIPHead  # noqa: E402
from .evaluation import EpisodeIoUMetric  # noqa: E402
from .optim import TrainableOptimWrapperConstructor  # noqa: E402
from .segmentor import ClsCLIP  # noqa: E402
from .text_encoder import OpenCLIPTextEncoder  # noqa: E402
from .version import __version__  # noqa: E402

__all__ = [
    'ClsCLIP', 'ClsCLIPHead', 'ClsCLIPVisionTransformer', 'EpisodeDataset',
    'EpisodeIoUMetric', 'MakeEpisode', 'OpenCLIPTextEncoder',
    'PASCAL5iDataset', 'Shapes5iDataset', 'TrainableOptimWrapperConstructor', '__version__',
    'load_clip'
]
