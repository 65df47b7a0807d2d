"""A part of a model that never changes."""
from torch import nn


class Frozen(nn.Module):
    """Holds a pretrained module and keeps it as it is.

    Frozen means: no gradient, always in eval mode, and absent from checkpoints
    (its weights are loaded from where they came from). It stays an ordinary
    child, so that devices, dtypes and complexity counters reach it.

    Args:
        module (nn.Module): What to hold.
    """

    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> 'Frozen':
        """Stay in eval mode, whatever ``mode`` says."""
        return self

    def apply(self, fn) -> 'Frozen':
        """Stay as it is, whatever an ``init_cfg`` does to all layers."""
        return self

    def state_dict(self, *args, destination=None, prefix='', keep_vars=False):
        """Add nothing to a checkpoint."""
        return {} if destination is None else destination

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        # Called before the children's turn: what is absent by design must not
        # be reported as missing, so each parameter finds its own value.
        for name, value in self.module.state_dict().items():
            state_dict.setdefault(f'{prefix}module.{name}', value)

    def forward(self, *args, **kwargs):
        """The held module's own forward."""
        return self.module(*args, **kwargs)
