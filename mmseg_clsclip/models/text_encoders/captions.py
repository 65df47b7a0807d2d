"""Captions: sentences that a text tower reads, each encoded once."""

from collections.abc import Callable, Sequence
from itertools import compress

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .embeddings import check_finite
from .name_reader import open_clip_token_ids
from .text_tower import encode_in_batches

# So many are kept, at most some hundred megabytes.
MAX_CAPTIONS = 2**16


class Captions:
    """Sentences that a text tower has read, with their embeddings.

    Args:
        tokenizer (Callable): Of the CLIP.
        max_tokens (float): With start and end, that it reads.
        batch_size (int): Texts in one forward of the tower.
        dim (int): Width D of the embeddings.
    """

    def __init__(
        self, tokenizer: Callable, max_tokens: float, batch_size: int, dim: int
    ):
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.batch_size = batch_size
        self.dim = dim
        self._embeddings: dict[str, Tensor] = {}

    def encode(
        self, clip: nn.Module, captions: Sequence[str], device: torch.device
    ) -> Tensor:
        """Return unit embeddings (T, D) float32; NaN of what is too long to be read.

        Args:
            clip (nn.Module): Always the same, with the same weights.
            captions (Sequence[str]): As they are, without template.
            device (torch.device): Where the result goes.

        Raises:
            ValueError: If the tower gives no finite numbers.
        """
        if len(self._embeddings) > MAX_CAPTIONS:
            self._embeddings = {}
        new = [text for text in dict.fromkeys(captions) if text not in self._embeddings]
        if new:
            self._read(clip, new)
        unread = torch.full((self.dim,), torch.nan)
        # Some may have been read before the model was moved.
        rows = [self._embeddings.get(text, unread).to(device) for text in captions]
        return torch.stack(rows)

    def _read(self, clip: nn.Module, texts: list[str]) -> None:
        """Encode texts that are new, but for those that are too long."""
        *tokens, empty = self.tokenizer([*texts, ''])  # (L,) each
        # One that leaves the last place empty was not cut off.
        last = int(min(self.max_tokens, len(empty))) - 1
        fits = [
            row[last] == empty[last]
            or len(open_clip_token_ids(self.tokenizer, text)) <= self.max_tokens
            for row, text in zip(tokens, texts)
        ]
        short = list(compress(texts, fits))
        if short:
            features = encode_in_batches(
                clip, torch.stack(list(compress(tokens, fits))), self.batch_size
            )
            check_finite(features, short, 'The text tower, by its weights')
            self._embeddings.update(zip(short, F.normalize(features, dim=-1)))
