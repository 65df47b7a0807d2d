"""OpenCLIPTextEncoder: class names to the tokens T_cls that navigate."""
import difflib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import dataset_aliases, get_classes
from safetensors.torch import load_file
from torch import Tensor

from .clip import LoadedCLIP, load_clip
from .datasets.shapes_world import CLASSES as SHAPES_CLASSES
from .frozen import Frozen

Vocabulary = str | Sequence[str | Sequence[str]] | dict

# Prompt templates that have a name of their own.
TEMPLATES = {
    'name': ('{}', ),
    'clip': tuple(t('{}') for t in open_clip.OPENAI_IMAGENET_TEMPLATES),
}


def read_vocabulary(vocabulary: str | Sequence) -> list[tuple[str, ...]]:
    """Names of the classes, each with its synonyms, checked.

    Args:
        vocabulary (str | Sequence): The name of a data set that mmseg knows
            or ``'shapes_5i'`` (its class 'background', if any, is left out:
            the segmentor adds it), or a list whose items are names or lists
            of synonyms.

    Returns:
        list[tuple[str]]: The synonyms of every class, the first its name.

    Raises:
        ValueError: If it is empty, or a name is unknown, empty or doubled.
    """
    if isinstance(vocabulary, str):
        known = sorted(dataset_aliases) + ['shapes_5i']
        if vocabulary not in known:
            nearest = difflib.get_close_matches(vocabulary, known, 3, 0)
            raise ValueError(
                f'vocabulary={vocabulary!r} is no data set that mmseg knows. '
                f'Nearest: {nearest}. For a single class write '
                f'vocabulary=[{vocabulary!r}].')
        names = SHAPES_CLASSES if vocabulary == 'shapes_5i' else get_classes(
            vocabulary)
        vocabulary = [name for name in names if name != 'background']
    if not isinstance(vocabulary, (list, tuple)):
        raise ValueError('The names of the classes must be a list, not a '
                         f'{type(vocabulary).__name__}.')
    classes = [
        tuple(item) if isinstance(item, (list, tuple)) else (item, )
        for item in vocabulary
    ]
    if not classes:
        raise ValueError('The vocabulary is empty; give at least one name.')
    seen = {}
    for number, synonyms in enumerate(classes):
        if not synonyms:
            raise ValueError(f'Class {number} of the vocabulary has no name.')
        for name in synonyms:
            if not isinstance(name, str) or not name.strip():
                raise ValueError(f'Class {number} of the vocabulary has the '
                                 f'name {name!r}; a name is a text that is '
                                 'not empty.')
            key = name.strip().lower()
            if key in seen:
                raise ValueError(
                    f'The name {name!r} stands twice in the vocabulary, in '
                    f'classes {seen[key]} and {number}; a pixel could not '
                    'tell them apart.')
            seen[key] = number
    return classes


def _read_names(path: Path) -> list:
    """Names from a ``.json`` with a list, or from a text with one a line."""
    text = path.read_text(encoding='utf-8')
    if path.suffix != '.json':
        return text.rstrip().splitlines()
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f'{path} is not JSON: {error}.') from error


def read_embeddings(path: str | Path) -> Tensor:
    """Text embeddings (K, D) float32 from ``.npy``, ``.pt``, ``.safetensors``.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it holds anything but one matrix.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'The text embeddings {path} do not exist.')
    readers = {
        '.npy': lambda: torch.from_numpy(np.load(path, allow_pickle=False)),
        '.safetensors': lambda: load_file(path),
        '.pt': lambda: torch.load(path, map_location='cpu', weights_only=True)
    }
    readers['.pth'] = readers['.pt']
    if path.suffix not in readers:
        raise ValueError(f'{path}: text embeddings are read from .npy, .pt or '
                         '.safetensors.')
    try:
        value = readers[path.suffix]()
    except Exception as error:
        raise ValueError(f'{path} could not be read as text embeddings '
                         f'({type(error).__name__}).') from error
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if not isinstance(value, Tensor) or value.ndim != 2:
        found = ('a dict of ' + str(list(value)) if isinstance(value, dict)
                 else f'shape {tuple(getattr(value, "shape", ()))}')
        raise ValueError(f'{path} must hold one matrix (K, D); it holds '
                         f'{found}.')
    return value.float()


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
        normalize (bool): L2-normalise the embeddings, each and their mean.
        batch_size (int): Texts in one forward of the tower.
        free_tower (bool): Drop the text tower, once the vocabulary is
            encoded. Other names can then not be asked for.
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
                 normalize: bool = False,
                 batch_size: int = 256,
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
        wrong = [t for t in self.templates if '{}' not in t]
        if wrong or not self.templates:
            raise ValueError(f'The templates {wrong} have no {{}} for the '
                             'name to stand in.')
        self.set_vocabulary(vocabulary)

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Ask for other classes from now on; the arguments are the class's."""
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
                    vocabulary = _read_names(path)
                elif path.suffix:
                    raise FileNotFoundError(
                        f'The names of the classes, {path}, do not exist.')
        synonyms = {names[0]: names for names in read_vocabulary(vocabulary)}
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
            cache = dict(zip(synonyms, embeddings, strict=True))
        # Only now, so that a vocabulary that is refused changes nothing.
        self.synonyms: dict[str, tuple[str, ...]] = synonyms
        self._cache: dict[str, Tensor] = cache
        self._matrix: Tensor | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The vocabulary, without synonyms, in order."""
        return tuple(self.synonyms)

    def _texts(self, names: Sequence[str]) -> list[str]:
        return [
            template.replace('{}', name) for name in names
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
            self._texts(self.synonyms.get(name, (name, ))) for name in todo
        ]
        texts = [text for group in groups for text in group]
        self._check_length([n for n in todo if n not in self.synonyms])
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
        """
        if names is not None:
            self._encode(names)
            return torch.stack([self._cache[name].to(device)
                                for name in names])
        if self._matrix is None:
            self._encode(self.names)
            self._matrix = torch.stack(
                [self._cache[name] for name in self.names])
            if self.free_tower:
                self.clip = None
        self._matrix = self._matrix.to(device)
        return self._matrix
