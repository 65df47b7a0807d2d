"""Captions: sentences that a text tower reads, each encoded once."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .embeddings import check_finite
from .name_reader import open_clip_token_ids
from .text_tower import encode_in_batches, encode_short_text

# So many are kept, at most some hundred megabytes.
MAX_CAPTIONS = 2**16


class Captions:
    """Sentences that a text tower has read, with their embeddings.

    Args:
        tokenizer (Callable): Of the CLIP.
        max_tokens (float): With start and end, that it reads.
        batch_size (int): Texts in one forward of the tower.
    """

    def __init__(self, tokenizer: Callable, max_tokens: float, batch_size: int):
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.batch_size = batch_size
        self._embeddings: dict[str, Tensor] = {}

    def check_lengths(self, captions: Sequence[str]) -> None:
        """Refuse what the tower would not read to its end.

        Raises:
            ValueError: If a caption is too long.
        """
        for text in captions:
            length = len(open_clip_token_ids(self.tokenizer, text))
            if length > self.max_tokens:
                raise ValueError(
                    f'The caption {text[:60]!r}... has {length} tokens with start '
                    f'and end; this model reads {self.max_tokens}. Shorten the '
                    "names, or set the presence's max_names to fewer."
                )

    def encode(
        self, clip: nn.Module, captions: Sequence[str], device: torch.device
    ) -> Tensor:
        """Return unit embeddings (T, D) float32.

        Args:
            clip (nn.Module): Always the same, with the same weights.
            captions (Sequence[str]): As they are, without template.
            device (torch.device): Where the result goes.

        Raises:
            ValueError: If one is too long, or the tower gives no finite numbers.
        """
        if len(self._embeddings) > MAX_CAPTIONS:
            self._embeddings = {}
        new = [text for text in dict.fromkeys(captions) if text not in self._embeddings]
        if new:
            self.check_lengths(new)
            features = encode_in_batches(
                encode_short_text, clip, self.tokenizer, new, self.batch_size
            )
            check_finite(features, new, 'The text tower, by its weights')
            self._embeddings.update(zip(new, F.normalize(features, dim=-1)))
        # Some may have been read before the model was moved.
        return torch.stack([self._embeddings[text].to(device) for text in captions])
