"""OpenCLIPTextEncoder: class names to the tokens T_cls that navigate."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from pathlib import Path
from types import MappingProxyType

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...utils.arguments import Count
from ..clip.frozen import Frozen
from ..clip.loading import LoadedCLIP, load_clip
from .vocabulary import (
    Vocabulary,
    check_finite,
    is_visible,
    read_embeddings,
    read_names,
    read_prompts,
    read_templates,
    read_vocabulary,
    tell_apart,
)


def encode_text(clip: nn.Module, tokens: Tensor) -> Tensor:
    """Text embeddings (T, D), as they are, of token ids (T, L).

    Of open_clip's models CoCa normalises them, unless it is told not to.
    """
    return clip.encode_text(tokens, normalize=False)


def _check_bool(key: str, value: bool) -> None:
    if value not in (True, False):
        raise ValueError(f'{key}={value!r}: write True or False.')


@MODELS.register_module()
class OpenCLIPTextEncoder(BaseModule):
    """CLIP's text tower as the source of T_cls; encoded once, then cached.

    Of several synonyms or templates the mean is taken, as CLIP does. The
    default is the raw class name, not normalised, as in ESDA; the paper does
    not say.

    Args:
        vocabulary (str | Sequence | dict): See :func:`read_vocabulary`; or
            ``dict(embeddings=FILE, names=...)`` for embeddings (K, D) made
            elsewhere, with ``names`` as above or the path of a ``.json`` or
            of a text file with a name a line.
        templates (str | Sequence[str]): ``'name'`` for the raw name,
            ``'clip'`` for CLIP's 80, or texts that contain ``{}``.
        prompts (str | Mapping, optional): What is read in place of a name:
            ``'plain'`` for plain words instead of the data sets' odd names
            (aeroplane, tvmonitor, wall-brick), or a dict. Defaults to None,
            the names as they are.
        normalize (bool): L2-normalise the embeddings, each and their mean.
        batch_size (int): Texts in one forward of the tower. They go through
            once; 32 are as fast as more and need less memory than a picture.
        free_tower (bool): Drop the text tower, once the vocabulary is
            encoded. Other names can then not be asked for. For testing: an
            average of the weights would still look for it.
        architecture (str): See :func:`mmseg_clsclip.load_clip`.
        pretrained (str, optional): See :func:`mmseg_clsclip.load_clip`.
        clip (LoadedCLIP, optional): In place of the two above; so both towers
            come from one.

    Raises:
        ValueError: If a name or template does not do, two classes are read
            alike, or embeddings do not fit their names or the CLIP.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        templates: str | Sequence[str] = 'name',
        prompts: str | Mapping[str, str] | None = None,
        normalize: bool = False,
        batch_size: Count = 32,
        free_tower: bool = False,
        architecture: str = 'ViT-B-16-quickgelu',
        pretrained: str | None = None,
        clip: LoadedCLIP | None = None,
    ):
        super().__init__()
        clip = clip or load_clip(architecture, pretrained)
        self.clip = Frozen(clip.model)
        # Each module's own, for a walk through them takes its time.
        self._weights = [
            module._parameters
            for name, module in clip.model.named_modules()
            if module._parameters and name.split('.')[0] != 'visual'
        ]
        self.tokenizer = clip.tokenizer
        self.dim = clip.dim
        for key, value in dict(normalize=normalize, free_tower=free_tower).items():
            _check_bool(key, value)
        if not isinstance(batch_size, Integral) or batch_size < 1:
            raise ValueError(
                f'batch_size={batch_size!r}: write a number of texts, 1 or more.'
            )
        self.batch_size = batch_size
        self.free_tower = free_tower
        self._normalize = normalize
        self._templates = read_templates(templates)
        self._prompts = read_prompts(prompts)
        self.set_vocabulary(vocabulary)

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Ask for other classes from now on; the arguments are the class's.

        Raises:
            FileNotFoundError: If a file of names or embeddings is missing.
            ValueError: If the vocabulary does not do. The old one stays.
        """
        if not isinstance(vocabulary, dict):
            self._take(read_vocabulary(vocabulary))
            return
        if set(vocabulary) != {'embeddings', 'names'}:
            raise ValueError(
                'A vocabulary of embeddings is dict('
                'embeddings=FILE, names=...); it has '
                f'{sorted(map(str, vocabulary))}.'
            )
        names = vocabulary['names']
        if isinstance(names, (str, Path)):
            path = Path(names)
            if path.is_file():
                names = read_names(path)
            elif path.suffix:
                raise FileNotFoundError(
                    f'The names of the classes, {path}, do not exist.'
                )
        groups = read_vocabulary(names)
        embeddings = read_embeddings(
            vocabulary['embeddings'], [names[0] for names in groups]
        )
        expected = (len(groups), self.dim)
        if tuple(embeddings.shape) != expected:
            raise ValueError(
                f'The text embeddings are {tuple(embeddings.shape)}; '
                f'{expected[0]} names and a CLIP of width {expected[1]} '
                f'need {expected}.'
            )
        self._take(groups, embeddings)

    def _take(
        self, groups: list[tuple[str, ...]], embeddings: Tensor | None = None
    ) -> None:
        """Ask for the classes of these names, perhaps of these rows (K, D)."""
        if embeddings is None:
            cache, readings = {}, tell_apart(groups, self._reading)
        else:
            rows = embeddings
            if self.normalize:
                # In float32 the square of a tiny or huge number is 0 or inf.
                rows = rows.double()
                lengths = rows.norm(dim=1, keepdim=True)
                if not lengths.all():
                    row = int(lengths.argmin())
                    raise ValueError(
                        f'Row {row} ({groups[row][0]!r}) of the text '
                        'embeddings is all zeros, which nothing normalises.'
                    )
                rows = (rows / lengths).float()
            cache, readings = (
                {name: row for names, row in zip(groups, rows) for name in names},
                {},
            )
        # Only now, so that a vocabulary that is refused changes nothing.
        self.synonyms: dict[str, tuple[str, ...]] = {
            names[0]: names for names in groups
        }
        # An episode may ask for a class by any of its names.
        self._group = {name: names for names in groups for name in names}
        self._readings = readings
        self._embeddings = embeddings
        self._cache: dict[str, Tensor] = cache
        self._matrix: Tensor | None = None
        self._read_from = self._versions()

    def _change(self, **settings) -> None:
        """Take other settings, and the vocabulary anew; if refused, neither.

        Raises:
            ValueError: If the vocabulary does not do with them.
        """
        old = {key: getattr(self, key) for key in settings}
        if old == settings:
            return
        if self.clip is None and self._embeddings is None:
            raise ValueError(
                'The text tower was freed, so that the vocabulary cannot be '
                f'encoded with another {" or ".join(old)[1:]}. Set '
                'free_tower=False.'
            )
        vars(self).update(settings)
        try:
            self._take(list(self.synonyms.values()), self._embeddings)
        except ValueError:
            vars(self).update(old)
            raise

    @property
    def templates(self) -> tuple[str, ...]:
        """Texts that a name is put into; may be set."""
        return self._templates

    @templates.setter
    def templates(self, templates: str | Sequence[str]) -> None:
        self._change(_templates=read_templates(templates))

    @property
    def prompts(self) -> Mapping[str, str]:
        """What is read in place of a name; may be set, as a whole."""
        return MappingProxyType(self._prompts)

    @prompts.setter
    def prompts(self, prompts: str | Mapping[str, str] | None) -> None:
        self._change(_prompts=read_prompts(prompts))

    @property
    def normalize(self) -> bool:
        """Whether the embeddings are L2-normalised; may be set."""
        return self._normalize

    @normalize.setter
    def normalize(self, normalize: bool) -> None:
        _check_bool('normalize', normalize)
        self._change(_normalize=normalize)

    @property
    def names(self) -> tuple[str, ...]:
        """The vocabulary, without synonyms, in order."""
        return tuple(self.synonyms)

    def find(self, name: str) -> str | None:
        """The name of the vocabulary that this is, or that is read like it."""
        return name if name in self._group else self._readings.get(self._reading(name))

    def _versions(self) -> list[tuple[int, int]]:
        """What is another once a weight of the text tower is."""
        return [
            (id(weight), 0 if weight.is_inference() else weight._version)
            for weights in self._weights
            for weight in weights.values()
            if weight is not None
        ]

    def _texts(self, name: str) -> list[str]:
        name = self._prompts.get(name, name)
        return [template.replace('{}', name) for template in self.templates]

    def _tokens(self, text: str) -> tuple[int, ...]:
        """Token ids of a text.

        Raises:
            ValueError: If there are too many.
        """
        encode = getattr(self.tokenizer, 'encode', None)
        limit = getattr(self.tokenizer, 'context_length', None)
        if encode is None or limit is None:
            # A tokenizer that does not say; it truncates.
            return tuple(self.tokenizer([text])[0].tolist())
        tokens = tuple(encode(text))
        if len(tokens) + 2 > limit:
            raise ValueError(
                f'{text[:60]!r}... has {len(tokens) + 2} tokens with start '
                f'and end; this CLIP reads {limit}. Shorten the name or the '
                'template.'
            )
        return tokens

    def _reading(self, name: str) -> tuple[tuple[int, ...], ...]:
        """Token ids of the texts that stand for a name.

        Raises:
            ValueError: If they are too many, or nothing is left of the name.
        """
        if not isinstance(name, str):
            raise ValueError(f'The name {name!r} is no text.')
        prompt = self._prompts.get(name, name)
        # What the tokenizer itself tidies up first, if it says so.
        clean = getattr(self.tokenizer, 'clean_fn', str)(prompt)
        if (
            not is_visible(prompt)
            or not is_visible(clean)
            or self._tokens(prompt) == self._tokens('')
        ):
            raise ValueError(
                f'Nothing is left of the name {name!a} when CLIP '
                f'reads {prompt!a}; write a word.'
            )
        return tuple(map(self._tokens, self._texts(name)))

    @torch.no_grad()
    def _encode(self, names: Sequence[str]) -> None:
        """Put what the cache lacks of ``names`` into it."""
        todo = [name for name in dict.fromkeys(names) if name not in self._cache]
        if not todo:
            return
        if self.clip is None:
            raise ValueError(
                f'The text tower was freed before {todo[0]!r} was encoded. '
                'Set free_tower=False, or put the name into the vocabulary '
                'from the start.'
            )
        for name in todo:
            if name not in self._group:
                self._reading(name)
        groups = [
            [
                text
                for synonym in self._group.get(name, (name,))
                for text in self._texts(synonym)
            ]
            for name in todo
        ]
        texts = [text for group in groups for text in group]
        device = self.clip.module.logit_scale.device
        # Full precision whatever surrounds it: the result is kept for good.
        with torch.autocast(device.type, enabled=False):
            features = torch.cat(
                [
                    encode_text(
                        self.clip.module,
                        self.tokenizer(texts[i : i + self.batch_size]).to(device),
                    )
                    for i in range(0, len(texts), self.batch_size)
                ]
            ).float()
        check_finite(features, texts, 'The text tower, by its weights')
        if self.normalize:
            features = F.normalize(features, dim=-1)
        parts = features.split([len(group) for group in groups])
        for name, part in zip(todo, parts, strict=True):
            mean = part.mean(0)
            self._cache[name] = F.normalize(mean, dim=-1) if self.normalize else mean

    def forward(
        self, names: Sequence[str] | None = None, device: torch.device | None = None
    ) -> Tensor:
        """Text tokens of names, or of the whole vocabulary.

        Args:
            names (Sequence[str], optional): Any names; those of the
                vocabulary take its synonyms along.
            device (torch.device, optional): Where the result goes.

        Returns:
            Tensor: (K, D) float32.

        Raises:
            ValueError: If a name is too long, or new when the text tower is
                gone (``free_tower``), or the tower gives no finite numbers.
        """
        if isinstance(names, str) or (names is not None and not len(names)):
            raise ValueError(f'names={names!r}: give a list of names.')
        if self.clip is not None and self._read_from != self._versions():
            self._take(list(self.synonyms.values()), self._embeddings)
        if names is not None:
            self._encode(names)
            return torch.stack([self._cache[name].to(device) for name in names])
        if self._matrix is None:
            self._encode(self.names)
            # Some may have been read before the model was moved.
            self._matrix = torch.stack(
                [self._cache[name].to(device) for name in self.names]
            )
            if self.free_tower:
                self.clip, self._weights = None, []
        self._matrix = self._matrix.to(device)
        return self._matrix
