"""HuggingFaceTextEncoder: texts as a model of transformers reads them."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from .cached_vocabulary import CachedVocabulary
from .embeddings import check_finite
from .name_reader import NameReader, hugging_face_token_ids


class HuggingFaceTextEncoder(CachedVocabulary):
    """The vocabulary, and what a model keeps of texts.

    Args:
        vocabulary (str | Sequence): See :func:`read_vocabulary`.
        model (nn.Module): Of transformers.
        tokenizer (Callable): Its own.
        encode_tokens (Callable): Of the model, token ids and mask (T, L): what
            it keeps of T texts, tensors (T, ...).

    Raises:
        ValueError: If a name is too long or fits no vocabulary.
    """

    def __init__(
        self,
        vocabulary: str | Sequence,
        model: nn.Module,
        tokenizer: Callable,
        encode_tokens: Callable[[nn.Module, Tensor, Tensor], tuple[Tensor, ...]],
    ):
        self.model, self.tokenizer = model, tokenizer
        self.encode_tokens = encode_tokens
        self.reader = NameReader(
            partial(hugging_face_token_ids, tokenizer),
            max_tokens=model.config.text_config.max_position_embeddings,
        )
        self.set_vocabulary(vocabulary)

    def encode(self, names: Sequence[str]) -> list[tuple[Tensor, ...]]:
        """Return what the model keeps of each name, on the model's device."""
        device = next(self.model.parameters()).device
        tokens = self.tokenizer(
            list(names),
            padding='max_length',
            max_length=self.reader.max_tokens,
            return_tensors='pt',
        ).to(device)
        # Full precision whatever surrounds it: it is kept for good.
        with torch.autocast(device.type, enabled=False):
            kept = self.encode_tokens(
                self.model, tokens.input_ids, tokens.attention_mask
            )
        for part in kept:
            check_finite(part, names, 'What the model reads')
        return list(zip(*kept))

    def __call__(
        self, texts: Sequence[str], device: torch.device
    ) -> tuple[Tensor, ...]:
        """Return what the model keeps of T texts, tensors (T, ...)."""
        return tuple(
            torch.stack([row.to(device) for row in rows])
            for rows in zip(*self._look_up(texts))
        )
