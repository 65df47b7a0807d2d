"""Training-free dense CLIP: MaskCLIP, SCLIP, NACLIP and ClearCLIP.

CLIP's own tower with another last block, so that every patch has an embedding
in CLIP's joint space; a class is where its text is the nearest. Nothing is
learned, so there is no checkpoint: mmseg's tools take ``none`` in its place.
"""

from collections.abc import Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from mmengine.runner import CheckpointLoader
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import SampleList
from torch import Tensor

from mmseg_clsclip_cli.messages import first_few

from ...utils.arguments import Rule
from ..backbones.dense_clip_vit import DenseCLIPVisionTransformer
from .clip_segmentor import CLIPSegmentor

Names = Annotated[Sequence[str], Rule('a list of names, or with_background=False')]


@MODELS.register_module()
class DenseCLIP(CLIPSegmentor):
    """Every pixel is of the class whose text is the nearest; no training.

    ::

        shared_features(): backbone(), cosines of the background's names
        class_logits(): cosines of some classes

    A class's logit is its cosine, times CLIP's scale, minus the best of the
    names in ``background``, so that the argmax with the constant 0 is that
    over all names. Without a background nothing is subtracted.

    In an episode the rest of the vocabulary competes, too: its logit is the
    class's minus the best other one, positive where the argmax over the
    vocabulary is the class, as the methods have it. ClsCLIP never reads the
    other names.

    Args:
        background (Sequence[str]): Names that stand for the background, read
            as those of classes are.
        kwargs: Of :class:`CLIPSegmentor`, with
            :class:`DenseCLIPVisionTransformer` as the backbone and
            :class:`DenseCLIPHead` as the head.

    Raises:
        ValueError: If ``background`` is empty or names a class.
    """

    BACKBONE = DenseCLIPVisionTransformer
    # What an episode answers is not its channel of the whole vocabulary.
    classes_compete = True

    def __init__(self, background: Names = ('background',), **kwargs):
        super().__init__(**kwargs)
        if self.with_background:
            if not background:
                raise ValueError(
                    f'background={background!r}: give a list of '
                    'names, or with_background=False.'
                )
            self.background_names = tuple(background)
            self.register_buffer('background_text', None, persistent=False)
        self._checked = None
        # Read now: the text tower may be freed later.
        self._read_tower()

    def _read_tower(self) -> None:
        """Read scale and background as vocabulary and tower are now."""
        encoder = self.text_encoder
        # A number: the property would be read anew in an exported graph.
        self.logit_scale = encoder.logit_scale
        if not self.with_background:
            return
        if self._checked is not encoder.synonyms:
            self._check_background()
            self._checked = encoder.synonyms
        if encoder.clip is not None:
            self.background_text = encoder(
                self.background_names, encoder.clip.module.logit_scale.device
            )

    def _check_background(self) -> None:
        """Refuse a name that is the background and a class, never to be found.

        Raises:
            ValueError: If one is.
        """
        both = {
            name: found
            for name in self.background_names
            if (found := self.text_encoder.find(name)) is not None
        }
        if both:
            raise ValueError(
                f'background={self.background_names}: '
                f'{first_few(map(ascii, sorted(both)))} stands for a class of the '
                f'vocabulary, too ({first_few(map(ascii, both.values()))}), which '
                'would never be found. Leave it out of one.'
            )

    def _logits(self, embeddings: Tensor, text: Tensor) -> Tensor:
        """Return scaled cosines (N, K, H, W) with texts (N, K, D)."""
        text = self.logit_scale * F.normalize(text, dim=-1)
        # The scale is up to 100: in half precision it would swallow the small
        # differences that decide.
        with torch.autocast(text.device.type, enabled=False):
            logits = torch.einsum('nkd,ndhw->nkhw', text, embeddings)
        h, w = (n * s for n, s in zip(logits.shape[2:], self.backbone.patch_size))
        # Here and not in the base class: the maximum is one of pixels.
        return resize(
            logits, size=(h, w), mode='bilinear', align_corners=self.align_corners
        )

    def shared_features(self, inputs: Tensor) -> tuple[Tensor, Tensor | int]:
        """Return embeddings (N, D, h, w), and the background's best (N, 1, H, W)."""
        embeddings = F.normalize(self.backbone(inputs)[0].float(), dim=1)
        if not torch.compiler.is_compiling():
            self._read_tower()  # the vocabulary may be another by now
        if not self.with_background:
            return embeddings, 0
        text = self.background_text.expand(inputs.shape[0], -1, -1)
        return embeddings, self._logits(embeddings, text).amax(1, keepdim=True)

    def class_logits(
        self, shared: tuple[Tensor, Tensor | int], text: Tensor, grid: tuple[int, int]
    ) -> Tensor:
        """Return logits (N, K, H, W) of some classes, see the base class."""
        embeddings, background = shared
        return self._logits(embeddings, text) - background

    def _all_logits(
        self, inputs: Tensor, metas: list[dict] | None, windows: list[tuple]
    ) -> Tensor:
        """Return logits (N, K [+1], H, W), K the size of the vocabulary, or 1.

        Raises:
            ValueError: If an episode's class is not in the vocabulary.
        """
        names = self._episode_names(metas)
        if names is None:
            return super()._all_logits(inputs, metas, windows)
        labels = self._find_labels(names)
        whole = super()._all_logits(inputs, self._metas_of_all(metas), windows)
        return self._margins(whole, labels)

    @staticmethod
    def _metas_of_all(metas: list[dict]) -> list[dict]:
        """Return metainfo by which episodes are asked for the whole vocabulary.

        With a presence if ZoomIn gives the whole picture's, and otherwise without.
        """
        return [dict(presence=meta.get('presence')) for meta in metas]

    def _find_labels(self, names: Sequence[str]) -> list[int]:
        """Return the labels of episodes' classes.

        Raises:
            ValueError: If one is not in the vocabulary.
        """
        known = {
            name: label
            for label, group in enumerate(
                self.text_encoder.synonyms.values(), int(self.with_background)
            )
            for name in group
        }
        strange = sorted(set(names) - set(known))
        if strange:
            raise ValueError(
                f'{strange} are not in the vocabulary that competes in an '
                'episode; put them into model.text_encoder.vocabulary.'
            )
        return [known[name] for name in names]

    def _margins(self, logits: Tensor, labels: Sequence[int]) -> Tensor:
        """Return episodes' logits of those (N, K [+1], H, W) of the vocabulary."""
        if logits.shape[1] == 1:  # none competes
            return logits
        index = torch.tensor(labels, device=logits.device)
        index = index.view(-1, 1, 1, 1).expand(-1, 1, *logits.shape[2:])
        rivals = logits.scatter(1, index, float('-inf')).amax(1, keepdim=True)
        own = logits.gather(1, index) - rivals
        return self._beside_background(own)

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict:
        """Refuse to train.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            'DenseCLIP is training-free: it has nothing to train. Test it as '
            'it is: tools/test.py CONFIG none.'
        )


@CheckpointLoader.register_scheme(prefixes='none$')
def load_from_nothing(filename: str, map_location=None) -> dict:
    """Return an empty checkpoint, for the tools that insist on one.

    So ``tools/test.py CONFIG none`` tests what needs no training; of anything
    else mmengine then lists the missing keys.
    """
    return dict(state_dict={}, meta={})
