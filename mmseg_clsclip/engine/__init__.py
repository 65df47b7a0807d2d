"""What a Runner is given: hooks and the optimizer's parameters."""

from .hooks import HonestScoresHook
from .optimizers import TrainableOptimWrapperConstructor

__all__ = ['HonestScoresHook', 'TrainableOptimWrapperConstructor']
