"""DenseCLIPHead: the text embeddings are the classifier."""

from mmengine.model import BaseModule
from mmseg.registry import MODELS


@MODELS.register_module()
class DenseCLIPHead(BaseModule):
    """No head to train: the text embeddings are the classifier."""

    # What mmseg and its tools read from a head.
    num_classes = 2
    out_channels = 1
    threshold = 0.5
    align_corners = False
