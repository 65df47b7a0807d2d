"""Whether backbone and head are what a segmentor asks, and fit each other."""

import inspect

from mmseg.registry import MODELS
from torch import nn

from ...utils.registered_class import parameters_of


def check_parts(segmentor: nn.Module) -> None:
    """Check that backbone and head are of the kinds that a segmentor asks.

    Args:
        segmentor (nn.Module): A :class:`CLIPSegmentor` with both. Its class may say
            ``BACKBONE``, the kind that it takes, and ``HEAD_READS_TEXT`` and
            ``TOWER_READS_TEXT``, whether it gives head and tower the text.

    Raises:
        ValueError: If one is not.
    """
    name = type(segmentor).__name__
    needed = getattr(segmentor, 'BACKBONE', nn.Module)
    gives_text = getattr(segmentor, 'HEAD_READS_TEXT', None)
    if not isinstance(segmentor.backbone, needed):
        raise ValueError(
            f'{name} takes a {needed.__name__} as its backbone, or what inherits from '
            f'it, and not {type(segmentor.backbone).__name__}.'
        )
    head = type(segmentor.decode_head).__name__
    reads_text = hasattr(segmentor.decode_head, 'shared_features')
    if reads_text and gives_text is False:
        raise ValueError(
            f'{head} reads the text, which {name} does not give it. Write '
            "type='LateFusionSegmentor', or 'NavigatedLateFusionSegmentor' for a text "
            'that enters the tower, too.'
        )
    blind = needed is nn.Module and not getattr(segmentor, 'TOWER_READS_TEXT', True)
    if blind and getattr(segmentor.backbone, 'navigate_blocks', ()):
        raise ValueError(
            f'{name} gives its tower no text, whose maps would never be trained. Write '
            "backbone.navigate_blocks=(), or type='NavigatedLateFusionSegmentor' for a "
            'text that enters the tower, too.'
        )
    if gives_text and not reads_text:
        raise ValueError(
            f'{name} takes a LateFusionHead, such as LSegHead or FiLMHead, and not '
            f'{head}, which reads no text.'
        )


def fit_head(decode_head: dict, backbone: nn.Module) -> dict:
    """Return a head's config with the widths of its CLIP, where it says none.

    Args:
        decode_head (dict): Its config. ``in_channels``, ``num_heads`` and
            ``text_channels`` are filled in if its class requires them.
        backbone (nn.Module): A :class:`CLIPVisionTransformer`.

    Raises:
        ValueError: If it says others, or it reads another map than the only one.
    """
    widths = dict(in_channels=backbone.out_channels, text_channels=backbone.text_dim)
    for key, width in widths.items():
        if decode_head.get(key, width) != width:
            raise ValueError(
                f'decode_head: {key}={decode_head[key]}, and the CLIP '
                f'{backbone.clip_name} has {width}: write that, or leave it out.'
            )
    if decode_head.get('in_index', -1) not in (-1, 0):
        raise ValueError(
            f'decode_head: in_index={decode_head["in_index"]}, and the backbone '
            'gives one map: leave it out.'
        )
    known = dict(widths, num_heads=backbone.num_heads)
    kind = decode_head.get('type')
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    # What is none is refused where it is built.
    parameters = parameters_of(kind) if inspect.isclass(kind) else {}
    required = {name for name, p in parameters.items() if p.default is p.empty}
    return {**{key: known[key] for key in known.keys() & required}, **decode_head}
