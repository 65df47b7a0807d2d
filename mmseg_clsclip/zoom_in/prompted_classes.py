"""PromptedClasses: classes that a segmentor is asked for by their names."""

from itertools import compress

import torch
from mmengine.structures import InstanceData, LabelData
from torch import Tensor

from ..datasets.masks import IGNORE
from ..models.presence.clip_presence import Presence
from ..models.segmentors.text_prompted import TextPromptedSegmentor
from ..utils.keys import CLASS_NAME, KEEP_LOGIT
from .canvas import PromptedCanvas
from .region import Region, Window
from .segmentor_classes import LabelSpace, SegmentorClasses
from .segmentor_protocol import PromptableSegmentor


class PromptedClasses(SegmentorClasses):
    """The class of an episode, or the vocabulary; one class a region."""

    segmentor: PromptableSegmentor
    canvas_type = PromptedCanvas

    @property
    def with_background(self) -> bool:
        """Whether channel 0 is the background."""
        return getattr(self.segmentor, 'with_background', True)

    @property
    def classes_compete(self) -> bool:
        """Whether an episode's logit is a margin, and a vocabulary's is not."""
        return getattr(self.segmentor, 'classes_compete', False)

    @property
    def names(self) -> list[str]:
        """Names of the vocabulary by channel, the background's included."""
        names = list(self.segmentor.text_encoder.names)
        return ['background', *names] if self.with_background else names

    @property
    def background(self) -> int | None:
        """Channel 0; a class merely called so is one like others."""
        return 0 if self.with_background else None

    def get_label_space(self, class_name: str | None) -> LabelSpace:
        """Return the class of an episode, or the vocabulary."""
        vocabulary = self.segmentor.text_encoder.names
        names = [class_name] if class_name else list(vocabulary)
        channels = self.with_background + len(names)
        # A single channel is label 1, by mmseg's threshold.
        first = 1 if channels == 1 else int(self.with_background)
        return LabelSpace({n: k for k, n in enumerate(names, first)}, channels)

    @property
    def _is_ours(self) -> bool:
        return isinstance(self.segmentor, TextPromptedSegmentor)

    @property
    def keeps_logits(self) -> bool:
        """Whether an episode's single channel stays a logit; ours can be told so.

        Of the probability of others a logit beyond 16 can't be made again, and
        classes without a background, which compete by it, would be equal.
        """
        return self._is_ours

    @property
    def judges_presence(self) -> bool:
        """Whether the segmentor says of a picture which names are asked in it."""
        return self._is_ours and self.segmentor.presence is not None

    def _weighs(self, presence: LabelData | None) -> bool:
        """Return whether a presence is ours: what is in others' is not known."""
        return presence is not None and self.judges_presence

    def keep_asked(
        self, label_space: LabelSpace, presence: LabelData | None
    ) -> LabelSpace:
        """Return the classes that a presence (K,) has asked for."""
        if not self._weighs(presence):
            return label_space
        labels = compress(label_space.labels.items(), presence.asked.tolist())
        return label_space._replace(labels=dict(labels))

    def find_prior(self, presence: LabelData | None, region: Region) -> Tensor | float:
        """Return what a presence (K,) adds to a region's logits.

        Nothing where classes compete: the region's own logits have it, see
        :meth:`describe_region`.
        """
        if not self._weighs(presence) or self.classes_compete:
            return 0.0
        first, *_ = self.get_label_space(None).labels.values()
        return presence.prior[region.label - first]

    def describe_region(self, region: Region, presence: LabelData | None) -> dict:
        """Return the metainfo of an episode.

        Where classes compete a region's margin is over all that are asked for in
        the picture, by the picture's presence.
        """
        meta = {CLASS_NAME: region.class_name, KEEP_LOGIT: self.keeps_logits}
        if self._weighs(presence) and self.classes_compete:
            meta['presence'] = [presence.get(part) for part in Presence._fields]
        return meta

    def list_regions(self, proposals: InstanceData) -> list[Region]:
        """Return the window and class of each proposal."""
        return [
            Region(Window(*window), name, label)
            for window, name, label in zip(
                proposals.windows.tolist(), proposals.names, proposals.labels.tolist()
            )
        ]

    def calibrate_whole(self, logits: Tensor) -> Tensor:
        """Return logits (C, H, W) as those of episodes, the background's 0.

        Of classes that compete it is each one's margin over the best other
        channel, which leaves the argmax as it is.
        """
        if len(logits) == 1:
            return logits
        if self.classes_compete:
            best, second = logits.topk(2, dim=0).values  # (H, W) each
            margins = logits - second.where(logits == best, best)
            if self.with_background:
                margins[0] = 0
            return margins
        return logits - logits[:1] if self.with_background else logits

    def _activate(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()

    def _select_logits(self, logits: Tensor) -> Tensor:
        # The class over the background: positive where it is.
        return logits[1:] - logits[:1]

    def _restore_logit(self, logits: Tensor) -> Tensor:
        return logits if self.keeps_logits else super()._restore_logit(logits)

    def _label_logits(self, logits: Tensor, region: Region) -> Tensor:
        # Without a background 0 is a class.
        nothing = 0 if self.with_background else IGNORE
        return torch.where(logits > 0, region.label, nothing)
