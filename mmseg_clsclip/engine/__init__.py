"""What a Runner is given: hooks and the optimizer's parameters."""

from .hooks import (
    EpisodeVisualizerHook,
    EvaluationGuardHook,
    HonestScoresHook,
    ZeroShotRecordHook,
)
from .optimizers import TrainableOptimWrapperConstructor

__all__ = [
    'EpisodeVisualizerHook',
    'EvaluationGuardHook',
    'HonestScoresHook',
    'TrainableOptimWrapperConstructor',
    'ZeroShotRecordHook',
]
