"""A score of random weights must not look like one."""
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmseg.registry import HOOKS


@HOOKS.register_module()
class RandomWeightsHook(Hook):
    """Says after every evaluation if the CLIP behind it is random.

    So it is with ``pretrained=None``, which is there to try a pipeline
    without CLIP's weights.
    """

    def after_val_epoch(self, runner, metrics=None) -> None:
        """Warn below the scores."""
        model = runner.model
        if is_model_wrapper(model):
            model = model.module
        model = getattr(model, 'module', model)  # a test-time wrapper
        if getattr(model, 'has_random_clip', False):
            print_log(
                'The scores above mean NOTHING: the CLIP of this model has '
                'random weights (pretrained=None).',
                logger='current',
                level=30)

    after_test_epoch = after_val_epoch
