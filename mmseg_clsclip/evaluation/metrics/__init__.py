"""The metrics of episodes and of generalised zero-shot segmentation."""

from .episode_iou_metric import EpisodeIoUMetric
from .generalized_iou_metric import GeneralizedZeroShotIoUMetric
from .protocol_iou_metric import ProtocolIoUMetric

__all__ = ['EpisodeIoUMetric', 'GeneralizedZeroShotIoUMetric', 'ProtocolIoUMetric']
