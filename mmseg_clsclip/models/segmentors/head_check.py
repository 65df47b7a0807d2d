"""Whether a head fits a backbone."""

from torch import nn


def check_head(decode_head: dict, backbone: nn.Module) -> None:
    """Refuse a head whose widths are not those of its CLIP.

    Args:
        decode_head (dict): Its config.
        backbone (nn.Module): A :class:`CLIPVisionTransformer`.

    Raises:
        ValueError: If they are not, or it reads another map than the only one.
    """
    for key, width in (
        ('in_channels', backbone.out_channels),
        ('text_channels', backbone.text_dim),
    ):
        if decode_head.get(key, width) != width:
            raise ValueError(
                f'decode_head: {key}={decode_head[key]}, and the CLIP '
                f'{backbone.clip_name} has {width}: write that.'
            )
    if decode_head.get('in_index', -1) not in (-1, 0):
        raise ValueError(
            f'decode_head: in_index={decode_head["in_index"]}, and the backbone '
            'gives one map: leave it out.'
        )
