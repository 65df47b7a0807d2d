"""LateFusion: the text meets the picture in the decoder.

CLIP's tower runs once a picture, whatever the number of classes.
"""

from typing import Any

from mmseg.registry import MODELS
from torch import Tensor

from .clip_segmentor import PromptedSegmentor
from .clsclip import ClsCLIP


@MODELS.register_module()
class LateFusion(PromptedSegmentor):
    """A frozen tower that sees no text, and a head that does.

    ::

        encode(): backbone() -> decode_head.share()
        answer(): decode_head.answer()

    The arguments are :class:`PromptedSegmentor`'s, with a
    :class:`ClsCLIPVisionTransformer` of ``navigate_blocks=()`` as the backbone
    and :class:`LSegHead` or :class:`FiLMHead` as the head.
    """

    def extract_feat(self, inputs: Tensor, text: Tensor) -> list[Tensor]:
        """What the head's loss is of.

        Args:
            inputs (Tensor): (N, 3, H, W).
            text (Tensor): Text tokens (N, K, D).

        Returns:
            list[Tensor]: Patch tokens (N, C, h, w) and the text.
        """
        return [*self.backbone(inputs), text]

    def encode(self, inputs: Tensor) -> Any:
        """What the head shares, of pictures (N, 3, H, W), see there."""
        return self.decode_head.share(self.backbone(inputs)[0])

    def answer(self, shared: Any, text: Tensor, grid: tuple[int, int]) -> Tensor:
        """Foreground logits (N, K, s * h, s * w), see the base class."""
        return self.decode_head.answer(shared, text)


@MODELS.register_module()
class NavigatedLateFusion(ClsCLIP):
    """ClsCLIP whose head reads the text, too: any :class:`LateFusionHead`."""

    def extract_feat(self, inputs: Tensor, text: Tensor) -> list[Tensor]:
        """Navigated patch tokens (N, C, h, w) and the text (N, 1, D)."""
        return [*self.backbone(inputs, text), text]

    def answer(self, shared: Tensor, text: Tensor, grid: tuple[int, int]) -> Tensor:
        """Foreground logits (N, K, s * h, s * w), see the base class."""
        x = self.backbone.navigate(shared, text, grid)
        logits = self.decode_head([x, text.flatten(0, 1)[:, None]])
        return logits.unflatten(0, text.shape[:2]).squeeze(2)
