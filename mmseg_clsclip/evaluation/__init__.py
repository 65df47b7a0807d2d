from .episode_metric import EpisodeIoUMetric
from .random_weights import RandomWeightsHook

__all__ = ['EpisodeIoUMetric', 'RandomWeightsHook']
