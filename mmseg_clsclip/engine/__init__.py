"""What a Runner is given: hooks and the optimizer's parameters."""

from .hooks import (
    CheckpointFormatHook,
    EpisodeVisualizerHook,
    EvaluationGuardHook,
    HonestScoresHook,
    ZeroShotRecordHook,
)
from .optimizers import TrainableOptimWrapperConstructor

__all__ = [
    'CheckpointFormatHook',
    'EpisodeVisualizerHook',
    'EvaluationGuardHook',
    'HonestScoresHook',
    'TrainableOptimWrapperConstructor',
    'ZeroShotRecordHook',
]
