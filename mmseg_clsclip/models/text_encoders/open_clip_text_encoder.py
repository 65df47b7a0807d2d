"""OpenCLIPTextEncoder: class names to the tokens T_cls that navigate."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from torch import Tensor

from ...utils.arguments import Count, check_values
from ...utils.weight_versions import WatchedWeights
from ..clip.frozen import Frozen
from ..clip.loading import LoadedCLIP
from .cached_vocabulary import CachedVocabulary
from .captions import Captions
from .embeddings import check_finite, embeddings_by_name, read_embedded_classes
from .name_reader import NameReader, open_clip_max_tokens, open_clip_token_ids
from .prompts import read_prompts, read_templates
from .text_tower import encode_in_batches
from .vocabulary import Vocabulary, read_vocabulary


@MODELS.register_module()
class OpenCLIPTextEncoder(CachedVocabulary, BaseModule):
    """CLIP's text tower as the source of T_cls; encoded once, then cached.

    Of several synonyms or templates the mean is taken, as CLIP does. The
    default is the raw class name, not normalised, as in ESDA; the paper does
    not say.

    Args:
        clip (LoadedCLIP): Whose text tower it is; a segmentor gives its own.
        vocabulary (str | Sequence | dict): See :func:`read_vocabulary`; or
            ``dict(embeddings=FILE, names=...)`` for embeddings (K, D) made
            elsewhere, with ``names`` as above or the path of a ``.json`` or
            of a text file with a name a line.
        templates (str | Sequence[str]): ``'name'`` for the raw name,
            ``'clip'`` for CLIP's 80, ``'maskclip'`` for these and MaskCLIP's five, or
            texts that contain ``{}``.
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

    Raises:
        ValueError: If a name or template is invalid, two classes are read
            alike, or embeddings do not fit their names or the CLIP.
    """

    TRAINED_SETTINGS = ('normalize',)

    def __init__(
        self,
        clip: LoadedCLIP,
        vocabulary: Vocabulary,
        templates: str | Sequence[str] = 'name',
        prompts: str | Mapping[str, str] | None = None,
        normalize: bool = False,
        batch_size: Count = 32,
        free_tower: bool = False,
    ):
        super().__init__()
        self.clip = Frozen(clip.model)
        self._weights = WatchedWeights(clip.model, without='visual')
        self.tokenizer = clip.tokenizer
        self.dim = clip.dim
        self.batch_size = batch_size
        self.free_tower = free_tower
        self._normalize = normalize
        self.reader = NameReader(
            partial(open_clip_token_ids, clip.tokenizer),
            max_tokens=open_clip_max_tokens(clip.tokenizer),
            templates=read_templates(templates),
            prompts=read_prompts(prompts),
            clean=getattr(clip.tokenizer, 'clean_fn', str),
        )
        self.set_vocabulary(vocabulary)

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Ask for other classes from now on; the arguments are the class's.

        Raises:
            FileNotFoundError: If a file of names or embeddings is missing.
            ValueError: If the vocabulary is invalid. The old one stays.
        """
        if isinstance(vocabulary, dict):
            classes, embeddings = read_embedded_classes(vocabulary, self.dim)
        elif self.clip is None:
            raise ValueError(
                'The text tower was freed, so that no other names can be encoded. Set '
                'free_tower=False.'
            )
        else:
            classes, embeddings = read_vocabulary(vocabulary), None
        self._start(classes, embeddings, self.reader, self._normalize)

    def _start(
        self,
        classes: Sequence[tuple[str, ...]],
        embeddings: Tensor | None,
        reader: NameReader,
        normalize: bool,
    ) -> None:
        """Ask for classes, perhaps by given embeddings (K, D), anew.

        Raises:
            ValueError: If they are invalid. Nothing has changed then.
        """
        encoded = None
        if embeddings is not None:
            encoded = embeddings_by_name(classes, embeddings, normalize)
        self._ask_for(classes, reader, encoded)
        self._embeddings, self._normalize = embeddings, normalize
        self._matrix: Tensor | None = None
        self._captions = Captions(
            self.tokenizer, reader.max_tokens, self.batch_size, self.dim
        )
        if self.clip is not None:
            # Now, and not each time: to read a number of a device is to wait for it.
            self._logit_scale = float(self.clip.module.logit_scale.exp())
        self._read_from = self._weights.versions()

    def _start_again(self, reader: NameReader, normalize: bool) -> None:
        """Forget what was encoded; for the same classes."""
        self._start(list(self.synonyms.values()), self._embeddings, reader, normalize)

    def _change(self, key: str, reader: NameReader, normalize: bool) -> None:
        """Take another setting, and the vocabulary anew; if refused, neither.

        Raises:
            ValueError: If the vocabulary is invalid with it.
        """
        if (reader, normalize) == (self.reader, self._normalize):
            return
        if self.clip is None and self._embeddings is None:
            raise ValueError(
                'The text tower was freed, so that the vocabulary cannot be '
                f'encoded with another {key}. Set free_tower=False.'
            )
        self._start_again(reader, normalize)

    @property
    def templates(self) -> tuple[str, ...]:
        """Texts that a name is put into; may be set."""
        return self.reader.templates

    @templates.setter
    def templates(self, templates: str | Sequence[str]) -> None:
        reader = replace(self.reader, templates=read_templates(templates))
        self._change('templates', reader, self._normalize)

    @property
    def prompts(self) -> Mapping[str, str]:
        """What is read in place of a name; may be set, as a whole."""
        return MappingProxyType(self.reader.prompts)

    @prompts.setter
    def prompts(self, prompts: str | Mapping[str, str] | None) -> None:
        reader = replace(self.reader, prompts=read_prompts(prompts))
        self._change('prompts', reader, self._normalize)

    @property
    def normalize(self) -> bool:
        """Whether the embeddings are L2-normalised; may be set."""
        return self._normalize

    @normalize.setter
    def normalize(self, normalize: bool) -> None:
        check_values(
            type(self).__name__, dict(normalize=normalize), dict(normalize=bool)
        )
        self._change('normalize', self.reader, normalize)

    @property
    def logit_scale(self) -> float:
        """CLIP's factor of cosines, read when a weight is seen to change."""
        self._follow_weights()
        return self._logit_scale

    @property
    def tower_goes(self) -> bool:
        """Whether the text tower is gone, or will be: no other name is read then."""
        return self.free_tower or self.clip is None

    def _follow_weights(self) -> None:
        """Forget what was encoded if a weight of the text tower is another now."""
        if self.clip is not None and self._read_from != self._weights.versions():
            self._start_again(self.reader, self._normalize)

    @torch.no_grad()
    def encode(self, names: Sequence[str | tuple[str, ...]]) -> list[Tensor]:
        """Return T_cls (D,) of each name or tuple of names, from the text tower.

        Raises:
            ValueError: If the tower is gone, or gives no finite numbers.
        """
        if self.clip is None:
            raise ValueError(
                f'The text tower was freed before {names[0]!r} was encoded. Set '
                'free_tower=False, or put the name into the vocabulary from the start.'
            )
        groups = [
            [text for own in self.synonyms_of(name) for text in self.reader.texts(own)]
            for name in names
        ]
        texts = [text for group in groups for text in group]
        features = encode_in_batches(
            self.clip.module, self.tokenizer(texts), self.batch_size
        )  # (T, D)
        check_finite(features, texts, 'The text tower, by its weights')
        if self.normalize:
            features = F.normalize(features, dim=-1)
        means = [part.mean(0) for part in features.split([len(g) for g in groups])]
        return [F.normalize(m, dim=-1) for m in means] if self.normalize else means

    def forward(
        self, names: Sequence[str] | None = None, device: torch.device | None = None
    ) -> Tensor:
        """Return the text tokens of names, or of the whole vocabulary.

        Args:
            names (Sequence[str], optional): Any; the vocabulary's with synonyms.
            device (torch.device, optional): Where the result goes.

        Returns:
            Tensor: (K, D) float32.

        Raises:
            ValueError: If a name is too long, or new when the text tower is gone, or
                the tower gives no finite numbers.
        """
        if isinstance(names, str) or (names is not None and not len(names)):
            raise ValueError(f'names={names!r}: give a list of names.')
        self._follow_weights()
        if names is not None:
            return torch.stack([row.to(device) for row in self._look_up(names)])
        if self._matrix is None:
            # Some may have been read before the model was moved.
            rows = self._look_up(self.names)
            # A tensor of inference mode could serve no training later.
            with torch.inference_mode(False):
                self._matrix = torch.stack([row.clone().to(device) for row in rows])
            if self.free_tower:
                self.clip = None
                self._weights.forget()
        self._matrix = self._matrix.to(device)
        return self._matrix

    def each_name(self) -> tuple[list[Tensor], list[int]]:
        """Return T_cls (D,) of every name alone, and the number of its class."""
        self._follow_weights()
        return super().each_name()

    def check_captions(self) -> None:
        """Refuse captions if there is no text tower for them, or it will be freed.

        Raises:
            ValueError: If so.
        """
        if self.tower_goes or self._embeddings is not None:
            raise ValueError(
                'Captions of several names need the text tower, and '
                + (
                    'free_tower=True drops it: set free_tower=False'
                    if self.tower_goes
                    else 'the vocabulary is a file of embeddings: give its names alone'
                )
                + ", or set the presence's max_names=1."
            )

    @torch.no_grad()
    def encode_captions(self, captions: Sequence[str], device: torch.device) -> Tensor:
        """Return unit embeddings (T, D) float32 of sentences, each encoded once.

        What is too long for the tower has NaN.

        Args:
            captions (Sequence[str]): As they are, without template.
            device (torch.device): Where the result goes.

        Raises:
            ValueError: See :meth:`check_captions`, or if the tower gives no finite
                numbers.
        """
        self.check_captions()
        self._follow_weights()
        return self._captions.encode(self.clip.module, captions, device)
