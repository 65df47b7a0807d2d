"""Whether a head fits a backbone, and what it takes from it."""

import inspect

from mmseg.registry import MODELS
from torch import nn

from ...utils.registered_class import parameters_of


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
    kind = decode_head['type']
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    # What is none is refused where it is built.
    parameters = parameters_of(kind) if inspect.isclass(kind) else {}
    required = {name for name, p in parameters.items() if p.default is p.empty}
    return {**{key: known[key] for key in known.keys() & required}, **decode_head}
