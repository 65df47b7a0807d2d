"""EpisodeVisualizerHook: what a visualizer has to know of what it will draw."""

from pathlib import PurePath

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.engine.hooks import SegVisualizationHook
from mmseg.registry import HOOKS

from ...utils.log import warn
from ...utils.palette import distinct_colours
from .checks import sample_infos
from .unwrapping import find_episode_datasets


@HOOKS.register_module()
class EpisodeVisualizerHook(Hook):
    """Tells the visualizer of episodes, and of all pictures that it will draw.

    An episode's label 1 is the class asked for, not the data set's class 1. And
    of two pictures that have one name in two folders ``EpisodeVisualizer``
    makes two files, if it has heard of both.
    """

    priority = 'VERY_LOW'

    def before_val(self, runner: Runner) -> None:
        """Tell of what a validation draws."""
        self._tell_visualizer(runner, runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        """Tell of what a test draws."""
        self._tell_visualizer(runner, runner.test_dataloader.dataset)

    def _tell_visualizer(self, runner: Runner, dataset) -> None:
        visualizer = runner.visualizer
        if list(find_episode_datasets(dataset)):
            visualizer.dataset_meta = dict(
                classes=('background', 'asked for'),
                palette=distinct_colours(2, background=True),
            )
        draws = any(
            isinstance(hook, SegVisualizationHook) and hook.draw
            for hook in runner.hooks
        )
        if not draws:
            return
        paths = [info['img_path'] for info in sample_infos(dataset)]
        if hasattr(visualizer, 'tell_apart'):
            visualizer.tell_apart(paths)
        elif len({PurePath(path).name for path in paths}) < len(set(paths)):
            warn(
                f'{type(visualizer).__name__} names drawings by the last part of a '
                "picture's path, which several pictures share: the last drawing of a "
                "name is left. Write visualizer=dict(type='EpisodeVisualizer', ...)."
            )
