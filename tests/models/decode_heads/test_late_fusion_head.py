"""Baselines whose text meets the decoder, against plain formulas."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

NAMES = ['red circle', 'blue square', 'green ring']
HEADS = ('LSegHead', 'FiLMHead', 'TokenHead')


def build(architecture, head, chunk=8, blocks=()):
    torch.manual_seed(0)
    return MODELS.build(
        ConfigDict(
            type='NavigatedLateFusionSegmentor' if blocks else 'LateFusionSegmentor',
            data_preprocessor=dict(type='SegDataPreProcessor', size=(32, 32)),
            backbone=dict(
                type='ClsCLIPVisionTransformer',
                architecture=architecture,
                navigate_blocks=blocks,
            ),
            text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=NAMES),
            decode_head=dict(
                type=head,
                in_channels=32,
                text_channels=16,
                num_heads=2,
                conv_channels=(8, 4),
                upsample=2,
            ),
            test_cfg=dict(mode='whole', class_batch_size=chunk),
        )
    ).eval()


def metas(number, size, name=None):
    meta = dict(ori_shape=size, img_shape=size)
    return [dict(meta, class_name=name) if name else meta] * number


@pytest.fixture(scope='module', params=HEADS)
def model(request, tiny_clip_json):
    return build(tiny_clip_json, request.param)


def test_lseg_is_a_scaled_cosine(tiny_clip_json):
    head = build(tiny_clip_json, 'LSegHead').decode_head
    x, text = torch.randn(2, 32, 4, 4), torch.randn(2, 3, 16)
    with torch.no_grad():
        logits = head([x], text=text)
        pixels = F.conv2d(head.decode(x), head.conv_seg.weight, head.conv_seg.bias)
        for n in range(2):
            for k in range(3):
                cosine = F.cosine_similarity(
                    pixels[n], text[n, k][:, None, None], dim=0
                )
                torch.testing.assert_close(logits[n, k], 10 * cosine, atol=1e-4, rtol=0)


def test_film_scales_and_shifts_before_the_decoder(tiny_clip_json):
    head = build(tiny_clip_json, 'FiLMHead').decode_head
    x, text = torch.randn(2, 32, 4, 4), torch.randn(2, 3, 16)
    with torch.no_grad():
        logits = head([x], text=text)
        for n in range(2):
            for k in range(3):
                gamma = head.gamma.weight @ text[n, k] + head.gamma.bias
                beta = head.beta.weight @ text[n, k] + head.beta.bias
                mixed = x[n] * gamma[:, None, None] + beta[:, None, None]
                alone = head.conv_seg(head.decode(mixed[None]))[0, 0]
                torch.testing.assert_close(logits[n, k], alone, atol=1e-5, rtol=0)


def test_a_token_joins_the_decoders_layers(tiny_clip_json):
    head = build(tiny_clip_json, 'TokenHead').decode_head
    x, text = torch.randn(2, 32, 4, 4), torch.randn(2, 3, 16)
    with torch.no_grad():
        logits = head([x], text=text)
        for n in range(2):
            for k in range(3):
                token = head.project.weight @ text[n, k] + head.project.bias
                tokens = torch.cat([token[None], x[n].flatten(1).T])[None]
                for layer in head.layers:
                    tokens = layer(tokens)
                patches = head.norm(tokens[0, 1:]).T.unflatten(1, (4, 4))
                alone = F.relu(head.convs[0](patches[None]))
                alone = F.interpolate(alone, scale_factor=2, mode='bilinear')
                alone = head.conv_seg(F.relu(head.convs[1](alone)))
                torch.testing.assert_close(logits[n, k], alone[0, 0], atol=1e-5, rtol=0)


def test_navigation_and_a_head_that_reads(tiny_clip_json):
    model = build(tiny_clip_json, 'FiLMHead', blocks=(1, 2))
    inputs, text = torch.randn(2, 3, 32, 32), torch.randn(2, 3, 16)
    with torch.no_grad():
        logits = model.class_logits(model.shared_features(inputs), text, (4, 4))
        for n in range(2):
            for k in range(3):
                one, name = inputs[n : n + 1], text[n : n + 1, k : k + 1]
                alone = model.decode_head(model.backbone(one, name), text=name)
                torch.testing.assert_close(logits[n, k], alone[0, 0], atol=1e-5, rtol=0)


@pytest.mark.parametrize('size', [(32, 32), (40, 29)])
def test_a_vocabulary_is_its_classes_and_a_batch_its_pictures(model, size):
    inputs = torch.randn(2, 3, *size)
    with torch.no_grad():
        logits = model.inference(inputs, metas(2, size))
        assert logits.shape == (2, 4, *size)
        for k, name in enumerate(NAMES):
            for n in range(2):
                alone = model.inference(inputs[n : n + 1], metas(1, size, name))
                torch.testing.assert_close(
                    alone[0, 1], logits[n, 1 + k], atol=1e-5, rtol=0
                )


@pytest.mark.parametrize('head', HEADS)
def test_chunks_do_not_change_the_result(tiny_clip_json, head):
    inputs = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        whole, ones = (
            build(tiny_clip_json, head, chunk).inference(inputs, metas(1, (32, 32)))
            for chunk in (8, 1)
        )
    torch.testing.assert_close(whole, ones, atol=1e-5, rtol=0)


def test_the_towers_run_once_a_picture(model, monkeypatch):
    calls = []
    run = model.backbone.run_block
    monkeypatch.setattr(
        model.backbone, 'run_block', lambda i, x: calls.append(len(x)) or run(i, x)
    )
    with torch.no_grad():
        model.inference(torch.randn(2, 3, 32, 32), metas(2, (32, 32)))
    assert calls == [2] * model.backbone.depth


def test_the_loss_reaches_the_head_and_leaves_clip_alone(model):
    samples = []
    for name in NAMES[:2]:
        sample = SegDataSample(metainfo=dict(class_name=name))
        sample.gt_sem_seg = PixelData(data=torch.ones(1, 32, 32).long())
        samples.append(sample)
    losses = model.loss(torch.randn(2, 3, 32, 32), samples)
    losses['decode.loss_ce'].backward()
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad == (parameter.grad is not None), name
        assert parameter.requires_grad == name.startswith('decode_head'), name
