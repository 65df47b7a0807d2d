"""Metrics that name what they measured, and the one reader of results."""

from .metrics import EpisodeIoUMetric, GeneralizedZeroShotIoUMetric, ProtocolIoUMetric

__all__ = ['EpisodeIoUMetric', 'GeneralizedZeroShotIoUMetric', 'ProtocolIoUMetric']
