"""Metrics that name what they measured, and the one reader of results."""

from .metrics import (
    EpisodeIoUMetric,
    ErrorSharesMetric,
    GeneralizedZeroShotIoUMetric,
    ProtocolIoUMetric,
)

__all__ = [
    'EpisodeIoUMetric',
    'ErrorSharesMetric',
    'GeneralizedZeroShotIoUMetric',
    'ProtocolIoUMetric',
]
