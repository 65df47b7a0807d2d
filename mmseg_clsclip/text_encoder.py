"""OpenCLIPTextEncoder: class names to the tokens T_cls that navigate."""
import difflib
import json
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import dataset_aliases, get_classes
from torch import Tensor

from .clip import LoadedCLIP, load_clip
from .datasets.shapes_world import CLASSES as SHAPES_CLASSES
from .frozen import Frozen

Vocabulary = Union[str, Sequence[Union[str, Sequence[str]]], dict]

# Prompt templates that have a name of their own.
TEMPLATES = {
    'name': ('{}', ),
    'clip': tuple(t('{}') for t in open_clip.OPENAI_IMAGENET_TEMPLATES),
}


def read_vocabulary(vocabulary: Union[str, Sequence]) -> List[Tuple[str, ...]]:
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
            raise ValueError(
                f'vocabulary={vocabulary!r} is no data set that mmseg knows. '
                f'Nearest: {difflib.get_close_matches(vocabulary, known, 3, 0)}'
                f'. For a single class write vocabulary=[{vocabulary!r}].')
        names = SHAPES_CLASSES if vocabulary == 'shapes_5i' else get_classes(
            vocabulary)
        vocabulary = [name for name in names if name != 'background']
    classes = [(item, ) if isinstance(item, str) else tuple(item)
               for item in vocabulary]
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


def read_embeddings(path: Union[str, Path]) -> Tensor:
    """Text embeddings (K, D) float32 from ``.npy``, ``.pt``, ``.safetensors``.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it holds anything but one matrix.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'The text embeddings {path} do not exist.')
    if path.suffix == '.npy':
        value = torch.from_numpy(np.load(path, allow_pickle=False))
    elif path.suffix == '.safetensors':
        from safetensors.torch import load_file
        value = load_file(path)
    elif path.suffix in ('.pt', '.pth'):
        value = torch.load(path, map_location='cpu', weights_only=True)
    else:
        raise ValueError(f'{path}: text embeddings are read from .npy, .pt or '
                         '.safetensors.')
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
                 templates: Union[str, Sequence[str]] = 'name',
                 normalize: bool = False,
                 batch_size: int = 256,
                 free_tower: bool = False,
                 architecture: str = 'ViT-B-16-quickgelu',
                 pretrained: Optional[str] = None,
                 clip: Optional[LoadedCLIP] = None):
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
        self._cache: Dict[str, Tensor] = {}
        self._matrix: Optional[Tensor] = None
        embeddings = None
        if isinstance(vocabulary, dict):
            embeddings = read_embeddings(vocabulary['embeddings'])
            vocabulary = vocabulary['names']
            if isinstance(vocabulary, str) and Path(vocabulary).is_file():
                text = Path(vocabulary).read_text(encoding='utf-8')
                vocabulary = json.loads(text) if vocabulary.endswith(
                    '.json') else text.split('\n')[:-1]
        self.synonyms = {
            names[0]: names
            for names in read_vocabulary(vocabulary)
        }
        if embeddings is None:
            for names in self.synonyms.values():
                self._check_length(names)
            return
        expected = (len(self.names), self.dim)
        if tuple(embeddings.shape) != expected:
            raise ValueError(
                f'The text embeddings are {tuple(embeddings.shape)}; '
                f'{expected[0]} names and a CLIP of width {expected[1]} need '
                f'{expected}.')
        if self.normalize:
            embeddings = F.normalize(embeddings, dim=-1)
        self._cache = dict(zip(self.names, embeddings))

    @property
    def names(self) -> Tuple[str, ...]:
        """The vocabulary, without synonyms, in order."""
        return tuple(self.synonyms)

    def _check_length(self, names: Sequence[str]) -> None:
        encode = getattr(self.tokenizer, 'encode', None)
        limit = getattr(self.tokenizer, 'context_length', None)
        if encode is None or limit is None:
            return  # a tokenizer that does not say; it truncates
        for name in names:
            for template in self.templates:
                tokens = len(encode(template.format(name))) + 2
                if tokens > limit:
                    raise ValueError(
                        f'{template.format(name)[:60]!r}... has {tokens} '
                        f'tokens with start and end; this CLIP reads {limit}. '
                        'Shorten the name or the template.')

    @torch.no_grad()
    def _encode(self, names: Sequence[str]) -> None:
        """Put what the cache lacks of ``names`` into it."""
        todo = [name for name in dict.fromkeys(names)
                if name not in self._cache]
        if not todo:
            return
        if self.clip is None:
            raise ValueError(
                f'The text tower was freed and {todo[0]!r} is not in the '
                f'vocabulary; set free_tower=False or add the name.')
        groups = [[
            template.format(synonym)
            for synonym in self.synonyms.get(name, (name, ))
            for template in self.templates
        ] for name in todo]
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
        for name, part in zip(todo, features.split([len(g) for g in groups])):
            mean = part.mean(0)
            self._cache[name] = F.normalize(
                mean, dim=-1) if self.normalize else mean

    def forward(self,
                names: Optional[Sequence[str]] = None,
                device: Optional[torch.device] = None) -> Tensor:
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
