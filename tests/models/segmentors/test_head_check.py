"""A head takes the widths that its config does not say from its CLIP."""

import pytest
from mmengine.config import ConfigDict
from mmseg.registry import MODELS

import mmseg_clsclip  # noqa: F401


def build(architecture, segmentor='ClsCLIP', backbone=None, **head):
    kinds = dict(ClsCLIP='ClsCLIPVisionTransformer')
    return MODELS.build(
        ConfigDict(
            type=segmentor,
            data_preprocessor=dict(type='SegDataPreProcessor', size=(32, 32)),
            backbone=dict(
                type=backbone or kinds.get(segmentor, 'CLIPVisionTransformer'),
                architecture=architecture,
            ),
            text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=['cat']),
            decode_head=head,
        )
    )


# The JSON of these small CLIPs says 32 channels in heads of 16, and texts of 16.
def test_clsclips_head(coarse_clip_json):
    head = build(coarse_clip_json, type='ClsCLIPHead').decode_head
    assert head.in_channels == 32
    assert [layer.self_attn.num_heads for layer in head.layers] == [2, 2]
    head = build(coarse_clip_json, type='ClsCLIPHead', num_heads=4).decode_head
    assert head.layers[0].self_attn.num_heads == 4


def test_a_head_that_reads_the_text(tiny_clip_json):
    head = build(tiny_clip_json, 'LateFusionSegmentor', type='FiLMHead').decode_head
    assert tuple(head.gamma.weight.shape) == (32, 16)
    assert head.layers[0].self_attn.num_heads == 2


@pytest.mark.parametrize('key, width', [('in_channels', 32), ('text_channels', 16)])
def test_other_widths_are_refused(tiny_clip_json, key, width):
    head = {'type': 'LSegHead', key: 24}
    with pytest.raises(ValueError, match=f'{key}=24, .* has {width}: .* leave it out'):
        build(tiny_clip_json, 'LateFusionSegmentor', **head)


@pytest.mark.parametrize(
    'segmentor, backbone, head, message',
    [
        ('ClsCLIP', None, 'FiLMHead', "FiLMHead reads the text.*'LateFusionSegmentor'"),
        ('LateFusionSegmentor', None, 'ClsCLIPHead', 'takes a LateFusionHead'),
        (
            'NavigatedLateFusionSegmentor',
            'ClsCLIPVisionTransformer',
            'ClsCLIPHead',
            'and not ClsCLIPHead, which reads no text',
        ),
        (
            'LateFusionSegmentor',
            'ClsCLIPVisionTransformer',
            'FiLMHead',
            r'gives its tower no text.*navigate_blocks=\(\)',
        ),
        (
            'ClsCLIP',
            'CLIPVisionTransformer',
            'ClsCLIPHead',
            'ClsCLIP takes a ClsCLIPVi',
        ),
        (
            'DenseCLIP',
            'ClsCLIPVisionTransformer',
            'DenseCLIPHead',
            'takes a DenseCLIPVisionTransformer .* and not ClsCLIPVisionTransformer',
        ),
    ],
)
def test_parts_of_another_segmentor_are_refused(
    coarse_clip_json, segmentor, backbone, head, message
):
    with pytest.raises(ValueError, match=message):
        build(coarse_clip_json, segmentor, backbone, type=head)


def test_a_head_without_a_type_is_refused_where_it_is_built(coarse_clip_json):
    with pytest.raises(KeyError, match='must contain the key "type"'):
        build(coarse_clip_json, in_channels=32)
