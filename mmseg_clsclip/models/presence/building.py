"""The presence that a segmentor's config asks for."""

from mmseg.registry import MODELS
from torch import nn

from ..clip.loading import LoadedCLIP


def resolve_presence(test_cfg: dict, presence: dict | None) -> dict | None:
    """Return the config of a presence, which ``keep_classes`` stands for, too.

    Raises:
        ValueError: If there are both, or it has no type.
    """
    keep = test_cfg.get('keep_classes')
    if keep and presence is not None:
        raise ValueError(
            f'keep_classes={keep} is a presence, and there is another: write '
            f'max_asked={keep} there, and take keep_classes out of the test_cfg.'
        )
    if presence is not None and 'type' not in presence:
        raise ValueError(
            f'presence={dict(presence)} has no type: write '
            "dict(type='CLIPPresence', ...)."
        )
    if not keep:
        return presence
    return dict(
        type='CLIPPresence',
        max_names=1,
        views='whole',
        weight=0,
        min_probability=0,
        max_asked=keep,
    )


def build_presence(
    presence: dict | None, text_encoder: nn.Module, clip: LoadedCLIP
) -> nn.Module | None:
    """Build a presence that can judge by a CLIP, if there is one in the config.

    Args:
        presence (dict, optional): Of :func:`resolve_presence`.
        text_encoder (nn.Module): :class:`OpenCLIPTextEncoder`.
        clip (LoadedCLIP): Of both.

    Raises:
        ValueError: If it cannot, or its numbers were chosen for another.
    """
    if presence is None:
        return None
    built = MODELS.build(presence)
    if not clip.random:  # of which no number means anything
        built.check_clip(clip.name)
    built.check_text_encoder(text_encoder)
    return built
