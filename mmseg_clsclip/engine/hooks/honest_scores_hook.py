"""HonestScoresHook: the former name of three hooks, for one release."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from .episode_visualizer_hook import EpisodeVisualizerHook
from .evaluation_guard_hook import EvaluationGuardHook
from .zero_shot_record_hook import ZeroShotRecordHook


@HOOKS.register_module()
class HonestScoresHook(Hook):
    """Adds the hooks that it was split into, those that a run does not have.

    They are :class:`EvaluationGuardHook`, :class:`ZeroShotRecordHook` and
    :class:`EpisodeVisualizerHook`; name these in a new config.
    """

    priority = 'VERY_LOW'

    def before_run(self, runner: Runner) -> None:
        """Add them behind itself, so that they are called next."""
        for kind in (EvaluationGuardHook, ZeroShotRecordHook, EpisodeVisualizerHook):
            if not any(isinstance(hook, kind) for hook in runner.hooks):
                runner.register_hook(kind(), priority=self.priority)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add them if a checkpoint is loaded ahead of the run."""
        self.before_run(runner)
