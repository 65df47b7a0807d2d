"""The head: shapes, loss and accuracy against plain formulas."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.structures import SegDataSample

from mmseg_clsclip import ClsCLIPHead, FiLMHead

BCE = dict(type='CrossEntropyLoss', use_sigmoid=True)


def build(**kwargs):
    torch.manual_seed(0)
    return ClsCLIPHead(
        in_channels=16, num_heads=2, conv_channels=(8, 4), **kwargs
    ).eval()


def sample(mask):
    data = SegDataSample()
    data.gt_sem_seg = PixelData(data=mask[None])
    return data


@pytest.mark.parametrize('upsample', [1, 2, 4])
def test_output_is_one_logit_at_the_stated_scale(upsample):
    head = build(upsample=upsample)
    with torch.no_grad():
        out = head([torch.randn(3, 16, 4, 6)])
    assert out.shape == (3, 1, 4 * upsample, 6 * upsample)


@pytest.mark.parametrize(
    'key', ['num_classes', 'out_channels', 'threshold', 'channels']
)
def test_what_the_head_sets_itself_is_left_out(key):
    for kind, kwargs in ((ClsCLIPHead, {}), (FiLMHead, dict(text_channels=8))):
        with pytest.raises(
            ValueError, match=f'^{kind.__name__} sets {key} itself: leave it out'
        ):
            kind(in_channels=16, num_heads=2, **{key: 2}, **kwargs)


def test_another_label_may_be_ignored():
    masks, logits = torch.randint(0, 2, (1, 8, 8)), torch.randn(1, 1, 8, 8)
    masks[:, 0, :4], masks[:, 0, 4:] = 9, 255  # as transforms and padding write
    head = build(ignore_index=9, in_index=0)
    losses = head.loss_by_feat(logits, [sample(masks[0])])
    expected = F.binary_cross_entropy_with_logits(
        logits[:, 0, 1:], masks[:, 1:].float()
    )
    assert torch.isclose(losses['loss_ce'], expected)


def test_depth_is_an_option_and_two_by_default():
    assert len(build().layers) == 2
    assert len(build(num_layers=4).layers) == 4


ESDA = dict(
    activation='quick_gelu', final_norm=False, conv_bias=False, dropout_ratio=0.1
)


def esda(head, x):
    """ESDA's decoder (PyTorch's modules alone), by the weights of a head."""
    weights, tokens = head.state_dict(), x.flatten(2).transpose(1, 2)
    for i in range(2):
        own = {
            name.removeprefix(f'layers.{i}.'): value
            for name, value in weights.items()
            if name.startswith(f'layers.{i}.')
        }
        layer = torch.nn.TransformerEncoderLayer(
            16, 2, 64, 0.0, lambda x: x * torch.sigmoid(1.702 * x), 1e-5, True, True
        )
        layer.load_state_dict(own)
        tokens = layer(tokens)
    x = tokens.transpose(1, 2).unflatten(2, x.shape[2:])
    for i in range(2):
        x = F.conv2d(x, weights[f'convs.{i}.weight'], padding=1).relu()
    x = F.dropout2d(x, 0.1, head.training)
    return F.conv2d(x, weights['conv_seg.weight'], weights['conv_seg.bias'])


@pytest.mark.parametrize('training', [True, False])
def test_the_decoder_can_be_esdas(training):
    head, x = build(**ESDA).train(training), torch.randn(3, 16, 4, 6)
    # Weights far from their small start, so that each part shows.
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    torch.manual_seed(1)
    out = head([x])
    torch.manual_seed(1)
    expected = esda(head, x)
    torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-5)
    assert (head([x]) != out).any() == training


@pytest.mark.parametrize(
    'option', [dict(activation='gelu'), dict(final_norm=True), dict(conv_bias=True)]
)
def test_each_of_esdas_choices_is_one_of_its_own(option):
    head, x = build(**{**ESDA, **option}), torch.randn(3, 16, 4, 6)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    assert not torch.allclose(head([x]), esda(head, x), atol=1e-2)


def test_a_decoder_of_none():
    with pytest.raises(ValueError, match="activation='relu': write 'gelu' or 'quick"):
        build(activation='relu')
    with pytest.raises(ValueError, match='dropout_ratio=2: write a number from 0 to 1'):
        build(dropout_ratio=2)


def test_esdas_two_logits_are_one_of_twice_the_rate():
    torch.manual_seed(0)
    x, truth = torch.randn(4, 5, 3, 3), torch.randint(0, 2, (4, 3, 3))
    truth[:, 0] = 255
    two = torch.nn.Conv2d(5, 2, 1)
    one = torch.nn.Conv2d(5, 1, 1)
    same = torch.nn.Conv2d(5, 1, 1)  # at the rate of the two
    for single in (one, same):
        for own, both in zip(single.parameters(), two.parameters()):
            own.data = both.data[1:] - both.data[:1]
    lr, decay = 0.1, 1e-2
    optimizers = [
        torch.optim.SGD(conv.parameters(), lr * k, 0.9, weight_decay=decay / k)
        for conv, k in ((two, 1), (one, 2), (same, 1))
    ]
    head = build()
    start = one.weight.clone()
    for _ in range(5):
        losses = [F.cross_entropy(two(x), truth, ignore_index=255)] + [
            head.loss_by_feat(conv(x), [sample(mask) for mask in truth])['loss_ce']
            for conv in (one, same)
        ]
        torch.testing.assert_close(losses[0], losses[1])
        for optimizer, loss in zip(optimizers, losses):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    difference = two.weight[1:] - two.weight[:1]
    torch.testing.assert_close(one.weight, difference)
    moved = [(end - start).norm() for end in (one.weight, same.weight)]
    assert 1.7 < moved[0] / moved[1] < 2.1


def test_each_map_is_decoded_for_itself():
    head, x = build(), torch.randn(3, 16, 4, 4)
    with torch.no_grad():
        together = head([x])
        alone = torch.cat([head([part]) for part in x.split(1)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_loss_is_binary_cross_entropy_over_valid_pixels():
    head, logits = build(), torch.randn(2, 1, 8, 8)
    masks = torch.randint(0, 2, (2, 8, 8))
    masks[:, :2] = 255
    losses = head.loss_by_feat(logits, [sample(m) for m in masks])
    valid = masks != 255
    flat, truth = logits[:, 0][valid], masks[valid].float()
    expected = F.binary_cross_entropy_with_logits(flat, truth)
    assert torch.isclose(losses['loss_ce'], expected)
    right = ((flat > 0) == (truth == 1)).float().mean()
    assert torch.isclose(losses['acc_seg'], 100 * right)


@pytest.mark.parametrize(
    'loss, message',
    [
        (dict(type='DiceLoss'), 'DiceLoss is not .* write BinaryDiceLoss'),
        (dict(type='TverskyLoss'), 'TverskyLoss is not .* write BinaryDiceLoss'),
        (
            [dict(type='BinaryDiceLoss'), dict(type='CrossEntropyLoss')],
            'use_sigmoid=True',
        ),
        (dict(type='CrossEntropyLoss', use_mask=True), 'use_sigmoid=True'),
        (
            dict(BCE, class_weight=[1.0, 2.0]),
            r'class_weight=\[1\.0, 2\.0\], and a single logit has one, that of the '
            r'foreground: write class_weight=\[w\]',
        ),
        (dict(type='FocalLoss', class_weight=[1.0, 2.0]), 'a single logit has on'),
        (dict(type='FocalLoss', alpha=[0.3, 0.7]), 'alpha=.* a single logit has'),
        (
            [BCE, dict(type='BoundaryLoss')],
            'BoundaryLoss is not for a single logit'
            ' .*Write CrossEntropyLoss with use_sigmoid=True, BinaryDiceLoss, Focal',
        ),
        (dict(type='HuasdorffDisstanceLoss'), 'HuasdorffDisstanceLoss is not for'),
        (dict(type='LovaszLoss', reduction='none'), "with loss_type='binary'"),
        (dict(type='OhemCrossEntropy'), 'OhemCrossEntropy is not for'),
        (dict(type='SiLogLoss'), 'SiLogLoss is not for a single logit'),
        *(
            (dict(type, class_weight=weight), r'class_weight=.*above 0: write')
            for type in (BCE, dict(type='FocalLoss'))
            for weight in ([-2.0], [0.0], [float('nan')], [float('inf')])
        ),
        *(
            (dict(type, loss_name=name), f"loss_name={name!r}: .*'loss_")
            for type in (BCE, dict(type='FocalLoss'), dict(type='BinaryDiceLoss'))
            for name in ('dice', '')
        ),
        (dict(BCE, loss_name=5), 'loss_name=5: '),
        (dict(BCE, loss_weight=-1.0), 'CrossEntropyLoss does not train a single'),
        (dict(BCE, loss_weight=float('nan')), 'does not train a single logit'),
    ],
)
def test_losses_that_are_not_for_a_single_logit(loss, message):
    with pytest.raises(ValueError, match=message):
        build(loss_decode=loss)


@pytest.mark.parametrize(
    'loss, sampler', [(BCE, dict(thresh=0.7)), (dict(type='BinaryDiceLoss'), {})]
)
def test_a_sampler_that_is_not_for_a_single_logit(loss, sampler):
    with pytest.raises(
        ValueError,
        match='sampler: OHEMPixelSampler cannot cho'
        'ose .*Write OHEMPixelSampler without thresh and',
    ):
        build(loss_decode=loss, sampler=dict(sampler, type='OHEMPixelSampler'))


OF_PIXELS = [
    dict(BCE, class_weight=[3.0]),
    dict(BCE, class_weight=3.0),
    dict(BCE, reduction='sum'),
    dict(BCE, loss_weight=0.0),
    dict(type='FocalLoss'),
    dict(type='mmseg.FocalLoss', alpha=[0.3]),
    [dict(type='FocalLoss'), dict(type='BinaryDiceLoss')],
    (BCE, dict(type='BinaryDiceLoss')),
]
OF_PICTURES = [
    dict(type='LovaszLoss', loss_type='binary', reduction='none'),
    dict(type='LovaszLoss', loss_type='binary', per_image=True),
]


@pytest.mark.parametrize(
    'loss, sampler',
    [
        *((loss, None) for loss in OF_PIXELS + OF_PICTURES),
        *((loss, dict(type='OHEMPixelSampler', min_kept=20)) for loss in OF_PIXELS),
    ],
)
def test_losses_that_are(loss, sampler):
    head = build(loss_decode=loss, sampler=sampler)
    masks, logits = torch.randint(0, 2, (2, 8, 8)), torch.randn(2, 1, 8, 8)
    masks[:, 0] = 255
    logits.requires_grad_()
    samples = [sample(mask) for mask in masks]
    losses = head.loss_by_feat(logits, samples)
    for key, theirs in BaseDecodeHead.loss_by_feat(head, logits, samples).items():
        assert key == 'acc_seg' or torch.equal(losses[key], theirs)
    sum(v for k, v in losses.items() if k.startswith('loss')).backward()
    assert not logits.grad[:, 0, 0].any()
    off = 'loss_weight' in str(loss)
    assert off or (logits.grad[:, 0][masks == 1] <= 0).all()
    assert off or (logits.grad[:, 0][masks == 0] >= 0).all()
    assert off != bool(logits.grad.any())


def test_a_weight_of_the_foreground():
    head = build(loss_decode=dict(BCE, class_weight=[3.0]))
    masks, logits = torch.randint(0, 2, (1, 8, 8)), torch.randn(1, 1, 8, 8)
    expected = F.binary_cross_entropy_with_logits(
        logits[:, 0], masks.float(), 1 + 2 * masks.float()
    )
    losses = head.loss_by_feat(logits, [sample(masks[0])])
    assert torch.isclose(losses['loss_ce'], expected)


@pytest.mark.parametrize('align', [False, True])
def test_the_loss_is_of_full_size_logits(align):
    head, logits = build(align_corners=align), torch.randn(1, 1, 4, 4)
    mask = torch.randint(0, 2, (1, 9, 12))
    full = F.interpolate(logits, (9, 12), mode='bilinear', align_corners=align)
    losses = head.loss_by_feat(logits, [sample(mask[0])])
    assert torch.isclose(
        losses['loss_ce'], F.binary_cross_entropy_with_logits(full[:, 0], mask.float())
    )
    assert torch.isclose(
        losses['acc_seg'], 100 * ((full[:, 0] > 0) == mask).float().mean()
    )


def test_a_list_of_losses_is_summed_by_name():
    bce = dict(type='CrossEntropyLoss', use_sigmoid=True, avg_non_ignore=True)
    head = build(loss_decode=[bce, dict(bce, loss_weight=2.0)])
    masks, logits = torch.randint(0, 2, (1, 8, 8)), torch.randn(1, 1, 8, 8)
    twice = head.loss_by_feat(logits, [sample(masks[0])])
    once = build().loss_by_feat(logits, [sample(masks[0])])
    assert torch.isclose(twice['loss_ce'], 3 * once['loss_ce'])


def test_upsample_must_be_reachable():
    with pytest.raises(ValueError, match='a power of two up to 4'):
        build(upsample=3)
