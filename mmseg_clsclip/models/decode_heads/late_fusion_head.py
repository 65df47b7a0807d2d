"""LateFusionHead: ClsCLIP's decoder, where the text enters late.

CLIP's tower runs once a picture, whatever the number of classes.
"""

from collections.abc import Sequence

from torch import Tensor

from .clsclip_head import ClsCLIPHead


class LateFusionHead(ClsCLIPHead):
    """ClsCLIP's decoder with a text to read.

    Subclasses say what is done once a picture (:meth:`shared_features`) and
    what for each class (:meth:`class_logits`).

    Args:
        text_channels (int): Width D of the text tokens, in all subclasses; filled
            in with CLIP's, too.
        kwargs: Of :class:`ClsCLIPHead`.
    """

    def shared_features(self, x: Tensor) -> Tensor:
        """Return what all classes share of patch tokens (N, C, h, w)."""
        return x

    def class_logits(self, shared: Tensor, text: Tensor) -> Tensor:
        """Return logits (N, K, s * h, s * w) for text tokens (N, K, D)."""
        raise NotImplementedError

    def forward(self, feats: Sequence[Tensor], text: Tensor) -> Tensor:
        """Return foreground logits.

        Args:
            feats (Sequence[Tensor]): The backbone's maps, the last of which,
                (N, C, h, w), is read.
            text (Tensor): Text tokens (N, K, D).

        Returns:
            Tensor: (N, K, upsample * h, upsample * w).
        """
        x = self._transform_inputs(feats)
        return self.class_logits(self.shared_features(x), text)
