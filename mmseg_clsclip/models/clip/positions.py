"""The positions of any grid of patches, as products of matrices."""

import torch
from torch import Tensor

# Of the cubic kernel that PyTorch, like Pillow, takes with antialiasing.
CUBIC_A = -0.5


def cubic_weights(grid: int, learned: int, like: Tensor) -> Tensor:
    """Return what each learned position adds to a grid's, along one side.

    The numbers of PyTorch's antialiased bicubic interpolation, whose own
    operator cannot be relied on in exported models: runtimes leave the
    antialiasing out or take another kernel.

    Args:
        grid (int): Patches along the side.
        learned (int): Positions along the side that the tower has.
        like (Tensor): On the wanted device.

    Returns:
        Tensor: (grid, learned) float32; each row sums to 1.
    """
    patches, positions = (
        torch.arange(n, device=like.device, dtype=torch.float32) + 0.5
        for n in (grid, learned)
    )
    step = learned / grid
    away = (positions - step * patches[:, None]).abs()
    # Fewer patches than positions: the kernel gets as wide as a patch.
    away = away / torch.full_like(patches, step).clamp(min=1)[:, None]
    near = ((CUBIC_A + 2) * away - (CUBIC_A + 3)) * away**2 + 1
    far = CUBIC_A * (((away - 5) * away + 8) * away - 4)
    weights = torch.where(away < 1, near, far * (away < 2))
    return weights / weights.sum(1, keepdim=True)


def resize_positions(positions: Tensor, grid: tuple[int, int]) -> Tensor:
    """Return positions (h0, w0, C) of the tower's own grid as another's.

    In full precision whatever surrounds it.

    Returns:
        Tensor: (h, w, C) float32; of the own grid the positions themselves.
    """
    rows, columns = (
        cubic_weights(n, own, positions) for n, own in zip(grid, positions.shape)
    )
    with torch.autocast(positions.device.type, enabled=False):
        tall = rows @ positions.float().flatten(1)  # (h, w0 * C)
        return columns @ tall.unflatten(1, positions.shape[1:])
