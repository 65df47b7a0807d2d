"""ClassBatcher: some classes at a time, fewer if memory runs out."""

import warnings
from collections.abc import Callable, Iterator
from math import ceil, inf

import torch
from torch import Tensor

from ...utils.memory import is_out_of_memory

# Tokens that go through the tower at once, unless the config says how many
# classes. A CPU is fastest while a layer's output stays in its caches (see
# docs/performance.md); other devices want to be kept busy, and at ViT-B's
# width the widest layer is then 200 MB in float32.
TOKENS_CPU = 2048
TOKENS = 16384


class ClassBatcher:
    """Splits classes into batches, and remembers what was too much.

    Attributes:
        limit (float): Tokens that memory was found to hold.
    """

    def __init__(self):
        self.limit = inf

    def __call__(
        self,
        function: Callable[[slice], Tensor],
        number: int,
        device: torch.device,
        size: int | None,
        tokens: int,
    ) -> Iterator[tuple[slice, Tensor]]:
        """Run a function on all classes.

        Args:
            function (Callable): Of some classes.
            number (int): Of all classes.
            device (torch.device): Whose memory it is.
            size (int, optional): Classes at once, at most; None chooses by
                ``tokens``.
            tokens (int): That one class of the batch sends through the tower.

        Yields:
            tuple[slice, Tensor]: Which classes, and what the function gave.

        Raises:
            RuntimeError: If memory runs out with a single class.
        """
        start = 0
        enough = TOKENS_CPU if device.type == 'cpu' else TOKENS
        while start < number:
            step = min(size or enough // tokens, self.limit / tokens)
            left = number - start
            step = max(1, min(int(step), left))
            # All about alike: a few left over would keep no device busy, and
            # torch.compile takes a single one for another program.
            step = ceil(left / ceil(left / step))
            which = slice(start, start + step)
            try:
                answer = function(which)
            except RuntimeError as error:
                if step == 1 or not is_out_of_memory(error):
                    raise
                if self.limit == inf:
                    warnings.warn(
                        f'{step} classes at once are too much for the memory '
                        f'of {device}; going on with half as many. '
                        'Set class_batch_size in the test_cfg of the model to '
                        'begin with fewer.',
                        stacklevel=2,
                    )
                self.limit = step // 2 * tokens
                continue
            yield which, answer
            start += step
