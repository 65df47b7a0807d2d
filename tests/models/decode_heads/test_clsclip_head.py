"""The head: shapes, loss and accuracy against plain formulas."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
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
    'key', ['num_classes', 'out_channels', 'dropout_ratio', 'threshold', 'channels']
)
def test_what_the_head_sets_itself_is_left_out(key):
    for kind, kwargs in ((ClsCLIPHead, {}), (FiLMHead, dict(text_channels=8))):
        with pytest.raises(
            ValueError, match=f'^{kind.__name__} sets {key} itself: leave it out'
        ):
            kind(in_channels=16, num_heads=2, **{key: 2}, **kwargs)


def test_another_label_may_be_ignored():
    masks, logits = torch.randint(0, 2, (1, 8, 8)), torch.randn(1, 1, 8, 8)
    masks[:, 0] = 9
    head = build(ignore_index=9, in_index=0)
    losses = head.loss_by_feat(logits, [sample(masks[0])])
    expected = F.binary_cross_entropy_with_logits(
        logits[:, 0, 1:], masks[:, 1:].float()
    )
    assert torch.isclose(losses['loss_ce'], expected)


def test_depth_is_an_option_and_two_by_default():
    assert len(build().layers) == 2
    assert len(build(num_layers=4).layers) == 4


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
    losses = head.loss_by_feat(logits, [sample(mask) for mask in masks])
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
