from .episode_metric import EpisodeIoUMetric
from .honest_scores import HonestScoresHook

__all__ = ['EpisodeIoUMetric', 'HonestScoresHook']
