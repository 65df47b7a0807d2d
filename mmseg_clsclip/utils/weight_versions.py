"""Whether weights have changed since they were last looked at."""

from collections.abc import Iterable

from torch import Tensor, nn


def weight_versions(weights: Iterable[Tensor | None]) -> list[tuple]:
    """Return what is another once a weight is another, has moved or was cast.

    What is changed through ``.data`` or by a fused optimizer goes unnoticed, and
    whatever befalls a tensor that was made under ``inference_mode``.
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


class WatchedWeights:
    """The parameters of a module, to be looked at often.

    Args:
        module (nn.Module): Whose parameters may change, and be replaced.
        without (str): The child that is left out.
    """

    def __init__(self, module: nn.Module, without: str):
        # Each module's own, for a walk through them takes its time.
        self._own = [
            part._parameters
            for name, part in module.named_modules()
            if part._parameters and name.split('.')[0] != without
        ]

    def versions(self) -> list[tuple]:
        """Return their :func:`weight_versions`."""
        return weight_versions(w for own in self._own for w in own.values())

    def forget(self) -> None:
        """Let go of them."""
        self._own = []
