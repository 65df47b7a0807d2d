"""OpenCLIPTextEncoder: class names to the tokens T_cls that navigate."""
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from torch import Tensor

from .arguments import Count
from .clip import LoadedCLIP, load_clip
from .frozen import Frozen
from .vocabulary import (
    TEMPLATES,
    Vocabulary,
    read_embeddings,
    read_names,
    read_prompts,
    read_vocabulary,
)


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
        ValueError: If a name or template does not do, or embeddings do not
            fit their names or the CLIP.
    """

    def __init__(self,
                 vocabulary: Vocabulary,
                 templates: str | Sequence[str] = 'name',
                 prompts: str | Mapping[str, str] | None = None,
                 normalize: bool = False,
                 batch_size: Count = 32,
                 free_tower: bool = False,
                 architecture: str = 'ViT-B-16-quickgelu',
                 pretrained: str | None = None,
                 clip: LoadedCLIP | None = None):
        super().__init__()
        clip = clip or load_clip(architecture, pretrained)
        self.clip = Frozen(clip.model)
        self.tokenizer = clip.tokenizer
        self.dim = clip.model.visual.output_dim
        self.normalize = normalize
        self.batch_size = batch_size
        self.free_tower = free_tower
        if isinstance(templates, str) and templates not in TEMPLATES:
            raise ValueError(f'templates={templates!r}: known by name are '
                             f'{list(TEMPLATES)}; otherwise give a list.')
        self.templates = TEMPLATES[templates] if isinstance(
            templates, str) else tuple(templates)
        self.prompts = read_prompts(prompts)
        wrong = [t for t in self.templates if '{}' not in t]
        if wrong or not self.templates:
            raise ValueError(f'The templates {wrong} have no {{}} for the '
                             'name to stand in.')
        self.set_vocabulary(vocabulary)

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Ask for other classes from now on; the arguments are the class's.

        Raises:
            FileNotFoundError: If a file of names or embeddings is missing.
            ValueError: If the vocabulary does not do. The old one stays.
        """
        embeddings = None
        if isinstance(vocabulary, dict):
            if set(vocabulary) != {'embeddings', 'names'}:
                raise ValueError('A vocabulary of embeddings is dict('
                                 'embeddings=FILE, names=...); it has '
                                 f'{sorted(vocabulary)}.')
            embeddings = read_embeddings(vocabulary['embeddings'])
            vocabulary = vocabulary['names']
            if isinstance(vocabulary, (str, Path)):
                path = Path(vocabulary)
                if path.is_file():
                    vocabulary = read_names(path)
                elif path.suffix:
                    raise FileNotFoundError(
                        f'The names of the classes, {path}, do not exist.')
        groups = read_vocabulary(vocabulary)
        synonyms = {names[0]: names for names in groups}
        if embeddings is None:
            for names in synonyms.values():
                self._check_length(names)
            cache = {}
        else:
            expected = (len(synonyms), self.dim)
            if tuple(embeddings.shape) != expected:
                raise ValueError(
                    f'The text embeddings are {tuple(embeddings.shape)}; '
                    f'{expected[0]} names and a CLIP of width {expected[1]} '
                    f'need {expected}.')
            if self.normalize:
                embeddings = F.normalize(embeddings, dim=-1)
            cache = {name: row for names, row in zip(groups, embeddings)
                     for name in names}
        # Only now, so that a vocabulary that is refused changes nothing.
        self.synonyms: dict[str, tuple[str, ...]] = synonyms
        # An episode may ask for a class by any of its names.
        self._group = {name: names for names in groups for name in names}
        self._cache: dict[str, Tensor] = cache
        self._matrix: Tensor | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The vocabulary, without synonyms, in order."""
        return tuple(self.synonyms)

    def _texts(self, names: Sequence[str]) -> list[str]:
        return [
            template.replace('{}', self.prompts.get(name, name))
            for name in names
            for template in self.templates
        ]

    def _check_length(self, names: Sequence[str]) -> None:
        encode = getattr(self.tokenizer, 'encode', None)
        limit = getattr(self.tokenizer, 'context_length', None)
        if encode is None or limit is None:
            return  # a tokenizer that does not say; it truncates
        for text in self._texts(names):
            tokens = len(encode(text)) + 2
            if tokens > limit:
                raise ValueError(
                    f'{text[:60]!r}... has {tokens} tokens with start and '
                    f'end; this CLIP reads {limit}. Shorten the name or the '
                    'template.')

    @torch.no_grad()
    def _encode(self, names: Sequence[str]) -> None:
        """Put what the cache lacks of ``names`` into it."""
        todo = [name for name in dict.fromkeys(names)
                if name not in self._cache]
        if not todo:
            return
        if self.clip is None:
            raise ValueError(
                f'The text tower was freed before {todo[0]!r} was encoded. '
                'Set free_tower=False, or put the name into the vocabulary '
                'from the start.')
        groups = [
            self._texts(self._group.get(name, (name, ))) for name in todo
        ]
        texts = [text for group in groups for text in group]
        self._check_length([n for n in todo if n not in self._group])
        device = self.clip.module.logit_scale.device
        # Full precision whatever surrounds it: the result is kept for good.
        with torch.autocast(device.type, enabled=False):
            features = torch.cat([
                self.clip.module.encode_text(
                    self.tokenizer(texts[i:i + self.batch_size]).to(device))
                for i in range(0, len(texts), self.batch_size)
            ]).float()
        if self.normalize:
            features = F.normalize(features, dim=-1)
        parts = features.split([len(group) for group in groups])
        for name, part in zip(todo, parts, strict=True):
            mean = part.mean(0)
            self._cache[name] = F.normalize(
                mean, dim=-1) if self.normalize else mean

    def forward(self,
                names: Sequence[str] | None = None,
                device: torch.device | None = None) -> Tensor:
        """Text tokens of names, or of the whole vocabulary.

        Args:
            names (Sequence[str], optional): Any names; those of the
                vocabulary take its synonyms along.
            device (torch.device, optional): Where the result goes.

        Returns:
            Tensor: (K, D) float32.

        Raises:
            ValueError: If a name is too long, or new when the text tower is
                gone (``free_tower``).
        """
        if names is not None:
            self._encode(names)
            return torch.stack([self._cache[name].to(device)
                                for name in names])
        if self._matrix is None:
            self._encode(self.names)
            # Some may have been read before the model was moved.
            self._matrix = torch.stack(
                [self._cache[name].to(device) for name in self.names])
            if self.free_tower:
                self.clip = None
        self._matrix = self._matrix.to(device)
        return self._matrix
