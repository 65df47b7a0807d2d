"""Whether weights have changed since they were last looked at."""

from collections.abc import Iterable

from torch import Tensor


def weight_versions(weights: Iterable[Tensor | None]) -> list[tuple]:
    """Return what is another once a weight is another, has moved or was cast.

    What is changed through ``.data`` goes unnoticed, as it does in autograd.
    """
    return [
        (
            id(weight),
            0 if weight.is_inference() else weight._version,
            weight.device,
            weight.dtype,
        )
        for weight in weights
        if weight is not None
    ]
