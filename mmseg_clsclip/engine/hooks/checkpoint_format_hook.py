"""CheckpointFormatHook: weights are where the other hooks look for them."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS
from torch import Tensor

from mmseg_clsclip_cli.messages import first_few


@HOOKS.register_module()
class CheckpointFormatHook(Hook):
    """Takes weights without anything around them, and refuses other formats.

    mmengine's ``EMAHook`` looks for ``state_dict`` in whatever is loaded.
    """

    priority = 'VERY_HIGH'

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Put weights that are the whole checkpoint into its ``state_dict``.

        Raises:
            ValueError: If there are no weights by name.
        """
        weights = dict(checkpoint)
        if 'state_dict' in checkpoint:
            weights = checkpoint['state_dict']
        elif all(isinstance(value, Tensor) for value in weights.values()):
            checkpoint.clear()
            checkpoint['state_dict'] = weights
        else:
            raise ValueError(
                f'The checkpoint holds {first_few(weights)}, and no state_dict. Save '
                "dict(state_dict=weights, meta=dict(seen_classes=['cat', ...])) of "
                'its weights.'
            )
        if not isinstance(weights, dict):
            raise ValueError(
                'state_dict of the checkpoint holds no weights by name but '
                f'{type(weights).__name__}.'
            )
