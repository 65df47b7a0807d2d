"""An optimiser that holds only what is trained."""

from mmengine.optim import DefaultOptimWrapperConstructor
from mmseg.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class TrainableOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """mmengine's default constructor, without the frozen parameters.

    mmengine hands every parameter to the optimiser; frozen ones have no
    gradient and would never move, but they would swell its state and logs.
    All options, ``paramwise_cfg`` among them, are those of
    :class:`mmengine.optim.DefaultOptimWrapperConstructor`.
    """

    def __call__(self, model: nn.Module):
        wrapper = super().__call__(model)
        for group in wrapper.param_groups:
            group['params'] = [p for p in group['params'] if p.requires_grad]
        wrapper.optimizer.param_groups[:] = [
            group for group in wrapper.param_groups if group['params']
        ]
        return wrapper
