"""ZoomIn around models of ours: exact where it can be, presence, checkpoints."""

import cv2
import pytest
import torch
from coloured_pictures import Given, ask, picture, sample, zoom
from mmengine.runner.checkpoint import load_checkpoint
from mmseg.registry import MODELS


def clsclip_config(architecture, names=('red circle', 'cross', 'ring'), **kwargs):
    return dict(
        type='ClsCLIP',
        backbone=dict(
            type='ClsCLIPVisionTransformer',
            architecture=architecture,
            navigate_blocks=(1, 2),
        ),
        text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=names),
        decode_head=dict(
            type='ClsCLIPHead',
            in_channels=32,
            num_heads=2,
            conv_channels=(8, 4),
            upsample=2,
        ),
        **kwargs,
    )


def clsclip(architecture, **kwargs):
    torch.manual_seed(2)
    model = MODELS.build(
        clsclip_config(
            architecture,
            data_preprocessor=dict(type='SegDataPreProcessor', size=(32, 32)),
            **kwargs,
        )
    )
    # Random weights hardly say anything otherwise.
    torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=20)
    return model.eval()


SMALL = dict(type='Resize', scale=(32, 32))
BOXES = [
    ('cross', (3, 3, 20, 12)),
    ('cross', (0, 8, 30, 24)),
    ('ring', (5, 5, 8, 24)),
    ('red circle', (10, 1, 21, 9)),
]


def plain(model, image, **meta):
    """The ordinary test pipeline and step."""
    small = cv2.resize(
        image.permute(1, 2, 0).numpy(), (32, 32), interpolation=cv2.INTER_LINEAR
    )
    (result,) = model.test_step(
        dict(
            inputs=[torch.from_numpy(small).permute(2, 0, 1)],
            data_samples=[sample(image, **meta)],
        )
    )
    return result


@pytest.mark.parametrize('meta', [{}, dict(class_name='cross')])
@pytest.mark.parametrize('background', [True, False])
@torch.no_grad()
def test_without_boxes_it_is_the_plain_model_exactly(tiny_clip_json, meta, background):
    model = clsclip(tiny_clip_json, with_background=background)
    image = picture(40, 60)
    expected = plain(model, image, **meta)
    for options in (
        dict(whole_picture='fallback'),
        dict(whole_picture='include', join='mean'),
    ):
        got = ask(zoom(model, resize=SMALL, **options), image, **meta)
        assert torch.equal(got.seg_logits.data, expected.seg_logits.data)
        assert torch.equal(got.pred_sem_seg.data, expected.pred_sem_seg.data)
        assert 'proposal_source' in got


@pytest.mark.parametrize('background', [True, False])
@torch.no_grad()
def test_a_region_of_the_whole_picture_says_what_the_whole_says(
    tiny_clip_json, background
):
    model = clsclip(tiny_clip_json, with_background=background)
    model.decode_head.conv_seg.weight *= 5
    image = picture(40, 60)
    boxes = [(name, (0, 0, 60, 40)) for name in model.text_encoder.names]
    got = ask(zoom(model, resize=SMALL, whole_picture='fallback'), image, boxes)
    whole = plain(model, image).seg_logits.data
    # Beyond what can be made again of a probability.
    assert whole.abs().max() > 20
    torch.testing.assert_close(got.seg_logits.data, whole, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize('background', [True, False])
@torch.no_grad()
def test_a_region_has_the_presence_of_the_whole_picture(tiny_clip_json, background):
    model = clsclip(
        tiny_clip_json,
        with_background=background,
        presence=dict(type='CLIPPresence', max_names=1, max_asked=2, weight=9.0),
    )
    image = picture(40, 60)
    boxes = [(name, (0, 0, 60, 40)) for name in model.text_encoder.names]
    whole = plain(model, image)
    asked = whole.presence.asked
    assert asked.sum() == 2 and whole.presence.prior[asked].max() < -1
    got = ask(zoom(model, resize=SMALL, whole_picture='fallback'), image, boxes)
    assert torch.equal(got.presence.asked, asked)
    names = [name for name, own in zip(model.text_encoder.names, asked) if own]
    assert list(got.proposals.names) == names
    torch.testing.assert_close(
        got.seg_logits.data, whole.seg_logits.data, atol=1e-3, rtol=1e-4
    )
    # An episode is asked for its class, likely or not.
    (name,) = set(model.text_encoder.names) - set(names)
    box = [(name, (0, 0, 60, 40))]
    model = zoom(model, resize=SMALL, whole_picture='fallback')
    episode = ask(model, image, box, class_name=name)
    assert len(episode.proposals) == 1 and 'presence' not in episode


@pytest.mark.parametrize(
    'kind', [dict(type='DenseCLIP'), dict(type='QueryDenseCLIP', softmax_scale=40.0)]
)
@torch.no_grad()
def test_where_classes_compete_those_that_are_not_asked_do_not(tiny_clip_json, kind):
    model = MODELS.build(
        dict(
            **kind,
            data_preprocessor=dict(type='SegDataPreProcessor'),
            backbone=dict(
                type='DenseCLIPVisionTransformer',
                architecture=str(tiny_clip_json),
                pretrained=None,
            ),
            text_encoder=dict(
                type='OpenCLIPTextEncoder', vocabulary=['ring', 'cross', 'cat', 'dog']
            ),
            decode_head=dict(type='DenseCLIPHead'),
            presence=dict(type='CLIPPresence', max_names=1, max_asked=2, weight=3.0),
        )
    ).eval()
    image = picture(40, 60)
    boxes = [(name, (0, 0, 60, 40)) for name in model.text_encoder.names]
    whole = plain(model, image)
    asked = whole.presence.asked
    assert asked.sum() == 2 and (whole.presence.prior[asked] < -0.01).any()
    got = ask(zoom(model, resize=SMALL, whole_picture='fallback'), image, boxes)
    torch.testing.assert_close(
        got.pred_sem_seg.data, whole.pred_sem_seg.data.to(got.pred_sem_seg.data)
    )
    # With those that are not asked as rivals it would be another map.
    model.presence = None
    alone = ask(zoom(model, resize=SMALL, whole_picture='fallback'), image, boxes)
    assert (alone.pred_sem_seg.data != got.pred_sem_seg.data).any()


@torch.no_grad()
def test_boxes_of_names_that_are_not_asked_take_no_place(tiny_clip_json):
    model = clsclip(
        tiny_clip_json, presence=dict(type='CLIPPresence', max_names=1, max_asked=1)
    )
    image = picture(40, 60)
    names = model.text_encoder.names
    asked = plain(model, image).presence.asked.tolist()
    (name,) = (name for name, own in zip(names, asked) if own)
    others = [(n, (0, 0, 60, 40)) for n in names if n != name]
    one = zoom(model, Given(max_per_picture=1), resize=SMALL, whole_picture='fallback')
    got = ask(one, image, [*others, (name, (5, 5, 30, 20))])
    assert got.proposals.names == [name]
    # Of no name at all there is no box.
    model.presence.min_probability, model.presence.max_asked = 1.0, None
    own = zoom(model, MODELS.build(dict(type='SelfProposals')), resize=SMALL)
    got = ask(own, image)
    assert not got.presence.asked.any() and not len(got.proposals)


@pytest.mark.parametrize('meta', [{}, dict(class_name='cross')])
@torch.no_grad()
def test_a_batch_of_regions_is_its_regions_one_by_one(tiny_clip_json, meta):
    model = clsclip(tiny_clip_json)
    image = picture()
    together, alone = (
        ask(zoom(model, resize=SMALL, crop_batch_size=n), image, BOXES, **meta)
        for n in (32, 1)
    )
    torch.testing.assert_close(
        together.seg_logits.data, alone.seg_logits.data, atol=1e-3, rtol=0
    )


@torch.no_grad()
def test_regions_are_cut_from_the_picture_as_it_was_read(tiny_clip_json):
    """By hand: cut, resize, ask for the class, resize back."""
    model = clsclip(tiny_clip_json)
    image = picture(60, 80)
    got = ask(
        zoom(model, resize=SMALL), image, [('ring', (11, 5, 51, 35))], class_name='ring'
    )
    part = image[:, 5:35, 11:51].contiguous()
    expected = plain(model, part, class_name='ring').seg_logits.data
    torch.testing.assert_close(
        got.seg_logits.data[:, 5:35, 11:51], expected, atol=1e-5, rtol=0
    )


@torch.no_grad()
def test_self_proposals_and_windows_on_the_model_itself(tiny_clip_json):
    model = clsclip(tiny_clip_json)
    image = picture(48, 64)
    for name, options in (
        ('SelfProposals', dict(rounds=2, min_area=4)),
        ('WindowProposals', dict(grid=(2, 3))),
    ):
        for meta in ({}, dict(class_name='ring')):
            proposals = MODELS.build(dict(type=name, **options))
            got = ask(zoom(model, proposals, resize=SMALL), image, **meta)
            assert len(got.proposals)
            assert got.proposal_source.endswith('(did not see the test classes)')
            assert got.seg_logits.data.isfinite().all()


def test_a_plain_checkpoint_is_loaded_whoever_loads_it(tiny_clip_json, tmp_path):
    model = clsclip(tiny_clip_json)
    state = model.state_dict()
    file = str(tmp_path / 'plain.pth')
    torch.save(dict(state_dict=state), file)
    detector = MODELS.build(
        dict(type='TorchvisionProposals', model='ssdlite320_mobilenet_v3_large')
    )
    fresh = [zoom(clsclip(tiny_clip_json), detector, resize=SMALL) for _ in range(3)]
    for one in fresh:
        torch.nn.init.zeros_(one.module.decode_head.conv_seg.weight)
    load_checkpoint(fresh[0], file, strict=True)
    fresh[1].load_state_dict(state, strict=True)
    fresh[2].load_state_dict(fresh[0].state_dict(), strict=True)
    for one in fresh:
        for key, value in one.module.state_dict().items():
            assert torch.equal(value, state[key])
    other = dict(state, clip_name=torch.tensor(list(b'ViT@0')).byte())
    with pytest.raises(ValueError, match='trained on the CLIP'):
        fresh[0].load_state_dict(other)


def test_the_segmentors_own_preprocessor_goes_before_the_runners(tiny_clip_json):
    own = dict(type='SegDataPreProcessor', size=(32, 32))
    other = dict(type='SegDataPreProcessor', size=(8, 8))
    for given, size in ((dict(data_preprocessor=own), 32), ({}, 8)):
        config = dict(clsclip_config(tiny_clip_json), **given)
        model = zoom(config, resize=SMALL, data_preprocessor=other)
        assert model.module.data_preprocessor.size == (size, size)
        assert config.get('data_preprocessor') in (own, None)
