"""Sources of the boxes of ClsCLIP+; each names what it has seen."""

from .base import BaseProposals
from .boxes import component_boxes, crop_windows
from .coco_results import COCOResultsProposals
from .detector import DetectorProposals
from .ground_truth import GroundTruthProposals
from .self_proposals import SelfProposals
from .torchvision_detector import TorchvisionProposals
from .windows import WindowProposals

__all__ = [
    'BaseProposals',
    'COCOResultsProposals',
    'DetectorProposals',
    'GroundTruthProposals',
    'SelfProposals',
    'TorchvisionProposals',
    'WindowProposals',
    'component_boxes',
    'crop_windows',
]
