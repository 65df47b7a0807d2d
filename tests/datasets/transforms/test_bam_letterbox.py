"""BAM's geometry against its description."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmseg.registry import MODELS, TRANSFORMS
from mmseg.structures import SegDataSample


@pytest.mark.parametrize(
    'size, expected',
    [
        ((334, 500), (320, 480)),
        ((500, 375), (480, 360)),
        ((100, 333), (144, 480)),
        ((7, 600), (8, 480)),
        # A product that is nearly whole: 480 / 201 * 201 is less than 480.
        ((201, 201), (480, 472)),
        ((201, 402), (232, 480)),
        ((402, 201), (480, 232)),
    ],
)
def test_the_picture_is_floored_and_pasted_on_zeros(size, expected):
    rng = np.random.RandomState(0)
    img = rng.randint(1, 256, (*size, 3)).astype(np.uint8)
    truth = rng.randint(0, 21, size).astype(np.uint8)
    results = TRANSFORMS.build(dict(type='BAMLetterbox', size=480))(
        dict(img=img, gt_seg_map=truth, ori_shape=size, img_shape=size)
    )
    height, width = expected
    assert results['img'].shape == (480, 480, 3)
    assert (results['img'][:height, :width] > 0).all()
    assert not results['img'][height:].any()
    assert not results['img'][:, width:].any()
    longer = max(size)
    assert results['ori_shape'] == (longer, longer)
    assert results['gt_seg_map'].shape == (longer, longer)
    assert np.array_equal(results['gt_seg_map'][: size[0], : size[1]], truth)
    outside = np.ones((longer, longer), bool)
    outside[: size[0], : size[1]] = False
    assert (results['gt_seg_map'][outside] == 255).all()


def test_logits_come_back_on_the_square_with_aligned_corners(tiny_clip_json):
    model = MODELS.build(
        dict(
            type='ClsCLIP',
            backbone=dict(
                type='ClsCLIPVisionTransformer',
                architecture=tiny_clip_json,
                pretrained=None,
                navigate_blocks=(1,),
            ),
            text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=['cat']),
            decode_head=dict(
                type='ClsCLIPHead', in_channels=32, num_heads=2, align_corners=True
            ),
        )
    )
    logits = torch.randn(1, 2, 48, 48)
    meta = dict(ori_shape=(60, 60), img_shape=(48, 48), padding_size=[0] * 4)
    sample = model.postprocess_result(logits, [SegDataSample(metainfo=meta)])[0]
    expected = F.interpolate(
        logits, size=(60, 60), mode='bilinear', align_corners=True
    )[0]
    assert torch.equal(sample.seg_logits.data, expected)


@pytest.mark.parametrize('size', [0, 7, -480, 480.0, '480', None, True])
def test_a_size_that_is_none(size):
    with pytest.raises(
        ValueError, match='size=.*: write a whole number of pixels, 8 or more'
    ):
        TRANSFORMS.build(dict(type='BAMLetterbox', size=size))
