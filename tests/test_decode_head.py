"""The head: shapes, loss and accuracy against plain formulas."""
import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_clsclip import ClsCLIPHead


def build(**kwargs):
    torch.manual_seed(0)
    return ClsCLIPHead(
        in_channels=16, num_heads=2, conv_channels=(8, 4), **kwargs).eval()


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


@pytest.mark.parametrize('loss, message', [
    (dict(type='DiceLoss'), 'DiceLoss is not .* write BinaryDiceLoss'),
    (dict(type='TverskyLoss'), 'TverskyLoss is not .* write BinaryDiceLoss'),
    ([dict(type='BinaryDiceLoss'), dict(type='CrossEntropyLoss')],
     'use_sigmoid=True')])
def test_losses_that_are_not_for_a_single_logit(loss, message):
    with pytest.raises(ValueError, match=message):
        build(loss_decode=loss)


@pytest.mark.parametrize('align', [False, True])
def test_the_loss_is_of_full_size_logits(align):
    head, logits = build(align_corners=align), torch.randn(1, 1, 4, 4)
    mask = torch.randint(0, 2, (1, 9, 12))
    full = F.interpolate(
        logits, (9, 12), mode='bilinear', align_corners=align)
    losses = head.loss_by_feat(logits, [sample(mask[0])])
    assert torch.isclose(
        losses['loss_ce'], F.binary_cross_entropy_with_logits(
            full[:, 0], mask.float()))
    assert torch.isclose(
        losses['acc_seg'], 100 * ((full[:, 0] > 0) == mask).float().mean())


def test_a_list_of_losses_is_summed_by_name():
    bce = dict(
        type='CrossEntropyLoss', use_sigmoid=True, avg_non_ignore=True)
    head = build(loss_decode=[bce, dict(bce, loss_weight=2.0)])
    masks, logits = torch.randint(0, 2, (1, 8, 8)), torch.randn(1, 1, 8, 8)
    twice = head.loss_by_feat(logits, [sample(masks[0])])
    once = build().loss_by_feat(logits, [sample(masks[0])])
    assert torch.isclose(twice['loss_ce'], 3 * once['loss_ce'])


def test_upsample_must_be_reachable():
    with pytest.raises(ValueError, match='a power of two up to 4'):
        build(upsample=3)
