"""A part of a model that never changes."""

from typing import Any

import torch
from torch import Tensor, nn


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
        """Keep its own weights, whatever loads them and however.

        Called before the children's turn: what is absent by design must not
        be reported as missing, so each parameter finds its own value.

        Raises:
            ValueError: If the checkpoint holds another value for it.
        """
        ours = {
            f'{prefix}module.{name}': value
            for name, value in self.module.state_dict().items()
        }
        for key in filter(lambda key: key.startswith(prefix), state_dict):
            if key not in ours or not _equal_values(ours[key], state_dict[key]):
                difference = 'differs' if key in ours else 'does not exist there'
                where = prefix.rstrip('.') or type(self.module).__name__
                raise ValueError(
                    f'The checkpoint would change what is frozen in {where}: '
                    f'its {key!r} {difference}. Frozen weights come from where the '
                    'config says: set that to what the checkpoint was trained '
                    'on, or take these keys out of the checkpoint.'
                )
        state_dict.update(ours)

    def forward(self, *args, **kwargs):
        """Run the held module's own forward."""
        return self.module(*args, **kwargs)


def _equal_values(ours: Any, stored: Any) -> bool:
    """Return whether two values are equal but for the precision of the stored one."""
    if not isinstance(ours, Tensor) or not isinstance(stored, Tensor):
        return ours is stored
    if ours.ndim == 0 and stored.shape == (1,):
        stored = stored[0]  # as torch takes the numbers of its early versions
    if (
        stored.shape != ours.shape
        or stored.is_meta
        or stored.layout != ours.layout
        or stored.is_floating_point() != ours.is_floating_point()
    ):
        return False
    stored = stored.to(ours.device)
    rounded = ours.to(stored.dtype).to(ours.dtype)
    return torch.equal(rounded, stored.to(ours.dtype))
