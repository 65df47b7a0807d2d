"""NameReader: what a text tower reads in the name of a class."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf

from .vocabulary import is_visible


def open_clip_max_tokens(tokenizer: Callable) -> float:
    """Return how many tokens a tokenizer of open_clip gives; some do not say it."""
    return getattr(tokenizer, 'context_length', None) or inf


def open_clip_token_ids(tokenizer: Callable, text: str) -> tuple[int, ...]:
    """Return the token ids of a text by a tokenizer of open_clip."""
    if not hasattr(tokenizer, 'encode') or open_clip_max_tokens(tokenizer) == inf:
        # A tokenizer that does not say how long a text is; it truncates.
        return tuple(tokenizer([text])[0].tolist())
    return (-1, *tokenizer.encode(text), -1)  # start and end, whatever their ids are


def hugging_face_token_ids(tokenizer: Callable, text: str) -> tuple[int, ...]:
    """Return the token ids of a text by a tokenizer of transformers."""
    return tuple(tokenizer(text)['input_ids'])


@dataclass(frozen=True)
class NameReader:
    """The reading of names by a tokenizer, with templates and prompts.

    Attributes:
        token_ids (Callable): Of a text, with start and end.
        max_tokens (float): How many the model takes.
        templates (tuple[str]): Texts that a name is put into, for its ``{}``.
        prompts (Mapping[str, str]): What is read in place of a name.
        clean (Callable): What the tokenizer itself tidies up first.
    """

    token_ids: Callable[[str], tuple[int, ...]]
    max_tokens: float = inf
    templates: tuple[str, ...] = ('{}',)
    prompts: Mapping[str, str] = field(default_factory=dict)
    clean: Callable[[str], str] = str

    def texts(self, name: str) -> list[str]:
        """Return the texts that stand for a name, one a template."""
        prompt = self.prompts.get(name, name)
        return [template.replace('{}', prompt) for template in self.templates]

    def read(self, name: str) -> tuple[tuple[int, ...], ...]:
        """Return the token ids of each text that stands for a name.

        Raises:
            ValueError: If they are too many, or nothing is left of the name.
        """
        if not isinstance(name, str):
            raise ValueError(f'The name {name!r} is no text.')
        prompt = self.prompts.get(name, name)
        if (
            not is_visible(prompt)
            or not is_visible(self.clean(prompt))
            or self.token_ids(prompt) == self.token_ids('')
        ):
            raise ValueError(
                f'Nothing is left of the name {name!a} when this model reads '
                f'{prompt!a}; write a word.'
            )
        readings = {text: self.token_ids(text) for text in self.texts(name)}
        for text, ids in readings.items():
            if len(ids) > self.max_tokens:
                raise ValueError(
                    f'{text[:60]!r}... has {len(ids)} tokens with start and '
                    f'end; this model reads {self.max_tokens}. Shorten the '
                    'name or the template.'
                )
        return tuple(readings.values())
