"""The metrics of episodes and of whole vocabularies."""

from .episode_iou_metric import EpisodeIoUMetric
from .error_shares_metric import ErrorSharesMetric
from .generalized_zero_shot_iou_metric import GeneralizedZeroShotIoUMetric
from .protocol_iou_metric import ProtocolIoUMetric

__all__ = [
    'EpisodeIoUMetric',
    'ErrorSharesMetric',
    'GeneralizedZeroShotIoUMetric',
    'ProtocolIoUMetric',
]
