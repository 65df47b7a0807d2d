"""Hooks of a run."""

from .checkpoint_format_hook import CheckpointFormatHook
from .episode_visualizer_hook import EpisodeVisualizerHook
from .evaluation_guard_hook import EvaluationGuardHook
from .honest_scores_hook import HonestScoresHook
from .zero_shot_record_hook import ZeroShotRecordHook

__all__ = [
    'CheckpointFormatHook',
    'EpisodeVisualizerHook',
    'EvaluationGuardHook',
    'HonestScoresHook',
    'ZeroShotRecordHook',
]
