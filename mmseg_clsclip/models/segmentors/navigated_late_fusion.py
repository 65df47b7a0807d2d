"""NavigatedLateFusionSegmentor: the text enters the tower and the decoder."""

from mmseg.registry import MODELS
from torch import Tensor

from .clsclip import ClsCLIP


@MODELS.register_module(name=['NavigatedLateFusionSegmentor', 'NavigatedLateFusion'])
class NavigatedLateFusionSegmentor(ClsCLIP):
    """ClsCLIP whose head reads the text, too: any :class:`LateFusionHead`."""

    HEAD_READS_TEXT = True

    def class_logits(
        self, shared: Tensor, text: Tensor, grid: tuple[int, int]
    ) -> Tensor:
        """Return foreground logits (N, K, s * h, s * w), see the base class."""
        x = self.backbone.navigate(shared, text, grid)  # (N * K, C, h, w)
        logits = self.decode_head([x], text=text.flatten(0, 1)[:, None])
        return logits.unflatten(0, text.shape[:2]).squeeze(2)
