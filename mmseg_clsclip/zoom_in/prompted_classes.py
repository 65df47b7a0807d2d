"""PromptedClasses: classes that a segmentor is asked for by their names."""

from mmengine.structures import InstanceData
from torch import Tensor

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
        if getattr(self.segmentor, 'classes_compete', False):
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

    def _label_logits(self, logits: Tensor, region: Region) -> Tensor:
        return (logits > 0) * region.label
