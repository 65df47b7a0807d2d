"""Metrics that name what they measured, and what looks after them."""
from .episode_metric import EpisodeIoUMetric
from .generalized_metric import GeneralizedZeroShotIoUMetric
from .honest_scores import HonestScoresHook
from .iou_metric import ProtocolIoUMetric

__all__ = [
    'EpisodeIoUMetric', 'GeneralizedZeroShotIoUMetric', 'HonestScoresHook',
    'ProtocolIoUMetric'
]
