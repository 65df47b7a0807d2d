"""The segmentor: chunks, batches, episodes, windows, and its checkpoint."""

import copy
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.runner.checkpoint import load_state_dict
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_clsclip.utils.palette import distinct_colours

NAMES = ['red circle', 'blue square', 'green ring', 'yellow cross', 'cross']


def build(
    architecture,
    names=NAMES,
    test_cfg=None,
    width=32,
    head=None,
    num_tokens=1,
    **kwargs,
):
    torch.manual_seed(2)
    cfg = ConfigDict(
        type='ClsCLIP',
        data_preprocessor=dict(type='SegDataPreProcessor', size=(32, 32)),
        backbone=dict(
            type='ClsCLIPVisionTransformer',
            architecture=architecture,
            navigate_blocks=(1, 2),
            num_tokens=num_tokens,
        ),
        text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=names),
        decode_head=dict(
            type='ClsCLIPHead',
            in_channels=width,
            num_heads=2,
            conv_channels=(8, 4),
            upsample=2,
        ),
        test_cfg=test_cfg or dict(mode='whole'),
        **kwargs,
    )
    cfg['decode_head'].update(head or {})
    return MODELS.build(cfg).eval()


def metas(number, size, name=None):
    meta = dict(ori_shape=size, img_shape=size)
    return [dict(meta, class_name=name) if name else meta] * number


@pytest.fixture(scope='module')
def model(tiny_clip_json):
    return build(tiny_clip_json)


@pytest.mark.parametrize('size', [(32, 32), (40, 29)])
def test_a_whole_vocabulary_is_its_classes_one_by_one(model, size):
    inputs = torch.randn(2, 3, *size)
    with torch.no_grad():
        logits = model.inference(inputs, metas(2, size))
        assert logits.shape == (2, 6, *size)
        assert not logits[:, 0].any()
        for k, name in enumerate(NAMES):
            alone = model.inference(inputs, metas(2, size, name))
            assert alone.shape == (2, 2, *size)
            torch.testing.assert_close(alone[:, 1], logits[:, 1 + k], atol=1e-5, rtol=0)


@pytest.mark.parametrize('align', [False, True])
def test_logits_are_the_parts_put_together(model, align, monkeypatch):
    """By hand: backbone, head, upsampling to whole patches, cropping."""
    monkeypatch.setattr(model, 'align_corners', align)
    inputs = torch.randn(1, 3, 30, 37)
    text = model.text_encoder(['green ring'])[:, None]
    with torch.no_grad():
        out = model.decode_head(model.backbone(inputs, text))
        out = F.interpolate(out, (32, 40), mode='bilinear', align_corners=align)
        out = out[..., :30, :37]
        logits = model.inference(inputs, metas(1, (30, 37)))
    torch.testing.assert_close(logits[:, 3:4], out, atol=1e-5, rtol=0)


@pytest.mark.parametrize('chunk', [1, 2, 5, 100])
def test_chunks_do_not_change_the_result(tiny_clip_json, model, chunk):
    other = build(tiny_clip_json, test_cfg=dict(mode='whole', class_batch_size=chunk))
    inputs = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(
            other.inference(inputs, metas(2, (32, 32))),
            model.inference(inputs, metas(2, (32, 32))),
            atol=1e-5,
            rtol=0,
        )


def test_a_batch_is_its_pictures_one_by_one(model):
    inputs = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        together = model.inference(inputs, metas(3, (32, 32)))
        alone = torch.cat(
            [model.inference(part, metas(1, (32, 32))) for part in inputs.split(1)]
        )
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


@torch.no_grad()
def test_several_tokens_in_batches_chunks_and_windows(tiny_clip_json):
    model = build(tiny_clip_json, num_tokens=4)
    inputs, size = torch.randn(3, 3, 32, 40), (32, 40)
    logits = model.inference(inputs, metas(3, size))
    others = [
        torch.cat([model.inference(one, metas(1, size)) for one in inputs.split(1)])
    ]
    for test_cfg in (
        dict(class_batch_size=1),
        dict(class_batch_size=2),
        dict(mode='slide', crop_size=size, stride=size),
    ):
        chunked = build(tiny_clip_json, num_tokens=4, test_cfg=test_cfg)
        others.append(chunked.inference(inputs, metas(3, size)))
    for other in others:
        torch.testing.assert_close(other, logits, atol=1e-5, rtol=0)
    one = build(tiny_clip_json).inference(inputs, metas(3, size))
    assert (one - logits).abs().max() > 1e-3


def test_a_checkpoint_of_another_number_of_tokens_is_refused(tiny_clip_json, model):
    several = build(tiny_clip_json, num_tokens=4)
    told = (
        r'size mismatch for backbone.projections.0.weight: \(32, 16\) in the '
        r'checkpoint, \(128, 16\) in the model'
    )
    with pytest.raises(ValueError, match=told):
        several.load_state_dict(model.state_dict())


def test_a_batch_of_episodes_may_ask_for_different_classes(model):
    inputs = torch.randn(2, 3, 32, 32)
    both = metas(1, (32, 32), 'cross') + metas(1, (32, 32), 'red circle')
    with torch.no_grad():
        mixed = model.inference(inputs, both)
        whole = model.inference(inputs, metas(2, (32, 32)))
    torch.testing.assert_close(mixed[0, 1], whole[0, 5], atol=1e-5, rtol=0)
    torch.testing.assert_close(mixed[1, 1], whole[1, 1], atol=1e-5, rtol=0)


@pytest.mark.parametrize('name', [None, 'green ring'])
def test_sliding_window_averages_overlapping_windows(tiny_clip_json, model, name):
    slide = build(
        tiny_clip_json, test_cfg=dict(mode='slide', crop_size=(32, 32), stride=(32, 16))
    )
    inputs = torch.randn(1, 3, 32, 48)
    with torch.no_grad():
        got = slide.inference(inputs, metas(1, (32, 48), name))
        left = model.inference(inputs[..., :32], metas(1, (32, 32), name))
        right = model.inference(inputs[..., 16:], metas(1, (32, 32), name))
    torch.testing.assert_close(
        got[..., 16:32], (left[..., 16:] + right[..., :16]) / 2, atol=1e-5, rtol=0
    )
    torch.testing.assert_close(got[..., :16], left[..., :16], atol=1e-5, rtol=0)


def test_prediction_is_the_argmax_with_the_constant_background(model):
    sample = SegDataSample(metainfo=dict(ori_shape=(64, 48), img_shape=(32, 32)))
    inputs = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        (result,) = model.predict(inputs, [sample])
        logits = model.inference(inputs, metas(1, (32, 32)))
    logits = F.interpolate(logits, (64, 48), mode='bilinear')[0]
    assert torch.equal(result.pred_sem_seg.data[0], logits.argmax(0))
    background = result.pred_sem_seg.data[0] == 0
    assert torch.equal(background, (logits[1:] <= 0).all(0))


def test_without_background_every_pixel_gets_a_class(tiny_clip_json):
    model = build(tiny_clip_json, with_background=False)
    with torch.no_grad():
        logits = model.inference(torch.randn(1, 3, 32, 32), metas(1, (32, 32)))
    assert logits.shape[1] == model.out_channels == 5
    assert model.dataset_meta['classes'] == tuple(NAMES)


@torch.no_grad()
@pytest.mark.parametrize('background', [True, False])
def test_the_numbers_of_classes_are_the_vocabularys(tiny_clip_json, background):
    model = build(tiny_clip_json, with_background=background)
    inputs = torch.randn(1, 3, 32, 32)
    for names in (NAMES, NAMES[:2], ['ring'], NAMES[:3]):
        model.text_encoder.set_vocabulary(names)
        number = len(names) + background
        assert model.num_classes == model.out_channels == number
        logits = model.inference(inputs, metas(1, (32, 32)))
        assert logits.shape[1] == model.out_channels == number
        logits = model.inference(inputs, metas(1, (32, 32), 'ring'))
        # mmseg's test-time augmentation takes it from the last inference.
        assert logits.shape[1] == model.out_channels == 1 + background
        assert model.num_classes == number
    for key in ('num_classes', 'out_channels'):
        with pytest.raises(AttributeError):
            setattr(model, key, 2)


@pytest.mark.parametrize('size', [(32, 32), (30, 37)])
def test_the_loss_is_of_what_inference_gives(model, size):
    samples, asked = [], []
    for name in ('red circle', 'cross'):
        asked += metas(1, size, name)
        mask = torch.randint(0, 2, (1, *size))
        mask[:, :2] = 255
        samples.append(
            SegDataSample(
                metainfo=dict(class_name=name), gt_sem_seg=PixelData(data=mask)
            )
        )
    inputs = torch.randn(2, 3, *size)
    losses = model.loss(inputs, samples)
    assert {'decode.loss_ce', 'decode.acc_seg'} == set(losses)
    with torch.no_grad():
        logits = model.inference(inputs, asked)[:, 1, 2:]
    truth = torch.cat([s.gt_sem_seg.data for s in samples])[:, 2:]
    torch.testing.assert_close(
        losses['decode.loss_ce'],
        F.binary_cross_entropy_with_logits(logits, truth.float()),
    )
    torch.testing.assert_close(
        losses['decode.acc_seg'], 100 * ((logits > 0) == (truth == 1)).float().mean()
    )
    assert samples[0].gt_sem_seg.data.shape == (1, *size)  # left as it was


def test_the_loss_of_several_names_is_that_of_each_and_of_all(tiny_clip_json):
    size = (30, 37)
    vocabulary = dict(type='CrossEntropyLoss', avg_non_ignore=True)
    dice = dict(type='BinaryDiceLoss')
    bce = dict(type='CrossEntropyLoss', use_sigmoid=True, avg_non_ignore=True)
    model = build(
        tiny_clip_json, head=dict(loss_decode=[bce, dice], loss_vocabulary=vocabulary)
    )
    asked = [('red circle', 'cross', 'blue ring'), ('cross', 'red circle', 'dog')]
    samples = []
    for names in asked:
        mask = torch.randint(0, 4, (1, *size))
        mask[:, :2] = 255
        samples.append(
            SegDataSample(
                metainfo=dict(class_name=names), gt_sem_seg=PixelData(data=mask)
            )
        )
    inputs = torch.randn(2, 3, *size)
    losses = model.loss(inputs, samples)
    with torch.no_grad():
        logits = torch.stack(
            [
                torch.stack(
                    [
                        model.inference(picture[None], metas(1, size, name))[0, 1]
                        for name in names
                    ]
                )
                for picture, names in zip(inputs, asked)
            ]
        )[:, :, 2:]  # (2, 3, H, W)
    labels = torch.cat([s.gt_sem_seg.data for s in samples])[:, 2:]
    masks = F.one_hot(labels, 4).movedim(-1, 1)[:, 1:].float()
    probabilities = logits.sigmoid()
    dice = 1 - (2 * (probabilities * masks).sum((2, 3)) + 1) / (
        (probabilities + masks).sum((2, 3)) + 1
    )
    together = torch.cat([torch.zeros(2, 1, *logits.shape[2:]), logits], 1)
    for key, expected in dict(
        loss_ce=F.binary_cross_entropy_with_logits(logits, masks),
        loss_dice=dice.mean(),
        loss_vocabulary=F.cross_entropy(together, labels),
        acc_seg=100 * ((logits > 0) == (masks == 1)).float().mean(),
    ).items():
        torch.testing.assert_close(losses[f'decode.{key}'], expected)


@pytest.mark.parametrize('name', ['loss_ce', 'vocabulary'])
def test_the_loss_of_all_names_has_a_name_of_its_own_that_is_summed(
    tiny_clip_json, name
):
    loss = dict(type='CrossEntropyLoss', loss_name=name)
    with pytest.raises(ValueError, match=f"loss_vocabulary: loss_name='{name}'"):
        build(tiny_clip_json, head=dict(loss_vocabulary=loss))


def test_samples_of_a_batch_ask_for_as_many_names(model):
    samples = [
        SegDataSample(
            metainfo=dict(class_name=names),
            gt_sem_seg=PixelData(data=torch.zeros(1, 32, 32, dtype=torch.long)),
        )
        for names in ('cross', ('red circle', 'cross'))
    ]
    with pytest.raises(ValueError, match=r'ask for \[1, 2\] names; each must'):
        model.loss(torch.randn(2, 3, 32, 32), samples)


def test_loss_without_a_class_says_what_to_do(model):
    sample = SegDataSample()
    with pytest.raises(ValueError, match='EpisodeDataset.*MakeEpisode'):
        model.loss(torch.randn(1, 3, 32, 32), [sample])


def test_a_batch_of_episodes_and_vocabularies_is_refused(model):
    both = metas(1, (32, 32)) + metas(1, (32, 32), 'cross')
    with pytest.raises(ValueError, match='mixes episodes and whole'):
        model.inference(torch.randn(2, 3, 32, 32), both)


def test_a_checkpoint_holds_what_is_trained_and_of_what_model_it_is(model):
    state = model.state_dict()
    assert all(
        key in ('clip_name', 'trained_settings')
        or key.startswith('decode_head.')
        or key.startswith('backbone.projections.')
        for key in state
    )
    name = bytes(state['clip_name'].tolist()).decode()
    assert name == model.backbone.clip_name and '@' in name


def test_one_checkpoint_serves_every_vocabulary(tiny_clip_json, model):
    other = build(tiny_clip_json, names=['disc', 'cross'])
    torch.nn.init.normal_(other.decode_head.conv_seg.weight)
    other.load_state_dict(model.state_dict(), strict=True)
    inputs = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(
            other.inference(inputs, metas(1, (32, 32)))[:, 2],
            model.inference(inputs, metas(1, (32, 32)))[:, 5],
            atol=1e-5,
            rtol=0,
        )


@pytest.mark.parametrize(
    'load',
    [
        lambda model, state: model.load_state_dict(state),
        lambda model, state: load_state_dict(model, state),  # mmengine's
    ],
)
def test_a_checkpoint_of_another_clip_is_refused(model, load):
    state = dict(
        model.state_dict(),
        clip_name=torch.tensor(list(b'ViT-L-14@0123'), dtype=torch.uint8),
    )
    with pytest.raises(ValueError, match='trained on the CLIP ViT-L-14@0123'):
        load(model, state)


def test_the_vocabulary_overrules_the_names_in_a_checkpoint(model):
    model.dataset_meta = dict(classes=('a', 'b'), palette=[[0] * 3] * 2)
    meta = model.dataset_meta
    assert meta['classes'] == ('background', *NAMES)
    assert meta['palette'] == distinct_colours(6, background=True)
    own = dict(classes=('background', *NAMES), palette=[[7] * 3] * 6)
    model.dataset_meta = own
    assert model.dataset_meta == own


def test_autocast_and_plain_forward(model):
    inputs = torch.randn(1, 3, 8, 8)  # a patch, as in test_backbone.py
    with torch.no_grad():
        full = model(inputs, mode='tensor')
        with torch.autocast('cpu', torch.bfloat16):
            half = model(inputs, mode='tensor').float()
    assert full.shape == (1, 6, 8, 8)
    classes = full[:, 1:]
    difference = (classes - classes[:, :1]).abs().max()
    assert (full - half).abs().max() < 0.2 * difference


def test_one_by_one_pixel_and_long_thin_pictures(model):
    with torch.no_grad():
        for size in ((1, 1), (3, 200)):
            out = model.inference(torch.randn(1, 3, *size), metas(1, size))
            assert out.shape == (1, 6, *size) and out.isfinite().all()


def predicted(model, inputs, **meta):
    samples = [
        SegDataSample(
            metainfo=dict(
                ori_shape=tuple(inputs.shape[2:]), img_shape=inputs.shape[2:], **meta
            )
        )
        for _ in inputs
    ]
    with torch.no_grad():
        return model.predict(inputs, samples)


WINDOWS = dict(mode='slide', crop_size=(32, 32), stride=(16, 16))


@pytest.mark.parametrize('background', [True, False])
@pytest.mark.parametrize(
    'mode',
    [
        dict(mode='whole'),
        WINDOWS,
        dict(mode='whole', keep_classes=2),
        dict(WINDOWS, keep_classes=2),
    ],
)
@pytest.mark.parametrize(
    'meta',
    [
        {},
        dict(ori_shape=(80, 31)),
        dict(flip=True, flip_direction='horizontal', padding_size=(0, 5, 0, 3)),
    ],
)
def test_labels_alone_are_the_same_labels(tiny_clip_json, background, mode, meta):
    torch.manual_seed(0)
    inputs = torch.randn(2, 3, 40, 52)
    meta = dict(dict(ori_shape=(40, 52), img_shape=(40, 52)), **meta)
    full, labels = (
        build(
            tiny_clip_json,
            with_background=background,
            test_cfg=dict(mode, class_batch_size=2, labels_only=only),
        )
        for only in (False, True)
    )
    results = []
    for model in (full, labels):
        samples = [SegDataSample(metainfo=meta) for _ in inputs]
        with torch.no_grad():
            results.append(model.predict(inputs, samples))
    for one, other in zip(*results):
        assert 'seg_logits' in one and 'seg_logits' not in other
        assert torch.equal(one.pred_sem_seg.data, other.pred_sem_seg.data)
        assert len(other.pred_sem_seg.data.unique()) > 1


def test_labels_alone_leave_episodes_as_they_are(tiny_clip_json):
    model = build(tiny_clip_json, test_cfg=dict(mode='whole', labels_only=True))
    (result,) = predicted(model, torch.randn(1, 3, 32, 32), class_name='cross')
    assert result.seg_logits.data.shape == (2, 32, 32)


def test_labels_alone_of_a_class_that_is_alone(tiny_clip_json):
    torch.manual_seed(0)
    inputs = torch.randn(1, 3, 64, 64)
    one, other = (
        predicted(
            build(
                tiny_clip_json,
                names=['cross'],
                with_background=False,
                test_cfg=dict(mode='whole', labels_only=only),
            ),
            inputs,
        )[0].pred_sem_seg.data
        for only in (False, True)
    )
    assert torch.equal(one, other) and one.all()


def test_options_without_a_mode_are_of_whole_pictures(tiny_clip_json):
    torch.manual_seed(0)
    inputs = torch.randn(1, 3, 32, 48)
    one, other = (
        predicted(build(tiny_clip_json, test_cfg=cfg), inputs)[0].seg_logits.data
        for cfg in (dict(mode='whole'), dict(class_batch_size=2))
    )
    assert torch.allclose(one, other, atol=1e-5)


def test_labels_alone_never_hold_all_maps(tiny_clip_json):
    """No tensor of the whole vocabulary's size at full resolution."""
    model = build(
        tiny_clip_json,
        names=[f'{i} circle' for i in range(40)],
        test_cfg=dict(mode='whole', class_batch_size=4, labels_only=True),
    )
    largest = []

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            if isinstance(out, torch.Tensor):
                largest.append(out.numel())
            return out

    with Watch():
        predicted(model, torch.randn(1, 3, 200, 200))
    assert max(largest) < 10 * 200 * 200


@pytest.mark.parametrize('mode, height', [(dict(mode='whole'), 32), (WINDOWS, 40)])
def test_only_the_likeliest_classes_are_asked_for(tiny_clip_json, mode, height):
    torch.manual_seed(0)
    inputs = torch.randn(2, 3, height, 32)
    model = build(tiny_clip_json, test_cfg=dict(mode, keep_classes=2))
    plain = build(tiny_clip_json, test_cfg=mode)
    asked = []
    inference = model.class_by_class
    answer = inference.class_logits
    inference.class_logits = lambda model, shared, text, grid: (
        asked.append(text[:, 0]) or answer(model, shared, text, grid)
    )
    clip = model.text_encoder.clip.module
    with torch.no_grad():
        got = model.inference(inputs, metas(2, (height, 32)))
        want = plain.inference(inputs, metas(2, (height, 32)))
        # By open_clip itself, at its own size.
        whole = F.interpolate(inputs, (32, 32), mode='bilinear', antialias=True)
        kept = (
            (
                clip.encode_image(whole, normalize=True)
                @ F.normalize(model.text_encoder(), dim=-1).T
            )
            .topk(2)
            .indices
        )
    windows = 1 if mode['mode'] == 'whole' else 2
    assert len(torch.cat(asked)) == 4 * windows and got.shape == want.shape
    for n in range(2):
        for k in range(5):
            if k in kept[n]:
                torch.testing.assert_close(
                    got[n, 1 + k], want[n, 1 + k], atol=1e-5, rtol=0
                )
            else:
                # Whatever reads it next: an argmax, a threshold, a mean.
                assert not got[n, 1 + k].sigmoid().any()


@pytest.mark.parametrize(
    'test_cfg, message',
    [
        (dict(mode='whole', dtype='half'), "dtype='half'.*'bfloat16'"),
        (dict(mode='silde'), "mode='silde': write 'whole' or 'slide'"),
        (dict(WINDOWS, crop_size=32), 'crop_size=32: write a height and a width'),
        (dict(WINDOWS, stride=(8, 0)), r'stride=\(8, 0\): write'),
        (dict(mode='slide', crop_size=(8, 8)), 'stride=None: write'),
        (dict(keep_classes='all'), "ClsCLIP: test_cfg: keep_classes='all': write"),
        (dict(class_batchsize=8), "no 'class_batchsize'; .* 'class_batch_size'"),
    ],
)
def test_a_test_cfg_that_does_not_do(tiny_clip_json, test_cfg, message):
    with pytest.raises(ValueError, match=message):
        build(tiny_clip_json, test_cfg=test_cfg)


def test_a_head_for_another_tower(tiny_clip_json):
    with pytest.raises(ValueError, match='in_channels=24, .* has 32: write'):
        build(tiny_clip_json, width=24)


@pytest.mark.parametrize('index', [5, 1, -2])
def test_a_map_that_the_backbone_does_not_give(tiny_clip_json, index):
    with pytest.raises(ValueError, match=f'in_index={index}, and the backbone gives'):
        build(tiny_clip_json, head=dict(in_index=index))


@pytest.mark.parametrize('surrounding', [True, False])
def test_dtype_is_the_test_configs(tiny_clip_json, model, surrounding):
    inputs = torch.randn(1, 3, 32, 32)
    plain, half = (
        build(tiny_clip_json, test_cfg=dict(mode='whole', dtype=dtype))
        for dtype in ('float32', 'bfloat16')
    )
    with torch.no_grad(), torch.autocast('cpu', torch.float16, surrounding):
        want = plain.inference(inputs, metas(1, (32, 32)))
        got = half.inference(inputs, metas(1, (32, 32)))
    with torch.no_grad():
        full = model.inference(inputs, metas(1, (32, 32)))
        with torch.autocast('cpu', torch.bfloat16):
            rounded = model.inference(inputs, metas(1, (32, 32)))
    assert got.dtype == want.dtype == torch.float32
    torch.testing.assert_close(want, full, atol=1e-6, rtol=0)
    # Weights are rounded before, and some products of them after.
    error = (rounded - full).abs().max()
    assert (got - rounded).abs().max() < 2 * error
    assert (got - full).abs().max() > 1e-5  # it is another precision


def test_compiled_it_survives_other_sizes_and_vocabularies(tiny_clip_json, model):
    from torch._dynamo.testing import CompileCounter

    counter = CompileCounter()
    compiled = build(
        tiny_clip_json, test_cfg=dict(mode='whole', compile=dict(backend=counter))
    )
    for number, size in ((2, (32, 32)), (1, (40, 48)), (3, (64, 30)), (2, (48, 48))):
        inputs = torch.randn(number, 3, *size)
        for length in (5, 3, 4):
            for one in (model, compiled):
                one.text_encoder.set_vocabulary(NAMES[:length])
            with torch.no_grad():
                torch.testing.assert_close(
                    compiled.inference(inputs, metas(number, size)),
                    model.inference(inputs, metas(number, size)),
                    atol=1e-5,
                    rtol=0,
                )
    model.text_encoder.set_vocabulary(NAMES)
    # A copy of it has weights of its own.
    other = copy.deepcopy(compiled)
    for parameter in other.decode_head.parameters():
        parameter.data.zero_()
    with torch.no_grad():
        assert not other.inference(inputs, metas(number, size))[:, 1:].any()
        assert compiled.inference(inputs, metas(number, size)).any()
    # One for one picture and one for more; 1 is special to the compiler.
    assert 1 <= counter.frame_count <= 3


SCOPELESS = """
from mmengine.registry import DefaultScope
from mmseg_clsclip import ClsCLIP, HuggingFaceSegmentor, ZoomIn
from mmseg_clsclip.models.segmentors import hugging_face
from mmseg_clsclip.models.segmentors.hugging_face_models import LoadedModel
from torch import nn
from types import SimpleNamespace
preprocessor = dict(type='SegDataPreProcessor', size=(64, 64))
clsclip = dict(
    type='ClsCLIP',
    data_preprocessor=preprocessor,
    backbone=dict(type='ClsCLIPVisionTransformer', architecture='shapes-clip'),
    text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=['circle']),
    decode_head=dict(type='ClsCLIPHead', in_channels=96, num_heads=2))
model = ZoomIn(clsclip, dict(type='SelfProposals'), dict(type='Resize',
                                                         scale=(64, 64)))
inner = nn.Module()
inner.config = SimpleNamespace(
    text_config=SimpleNamespace(max_position_embeddings=9))
hugging_face.load_folder = lambda *args: LoadedModel(
    inner, SimpleNamespace(encode_texts=None), lambda text: dict(input_ids=[*text]),
    (8, 8), [1.] * 3, [1.] * 3)
other = HuggingFaceSegmentor('x', ['circle'])
assert DefaultScope.get_current_instance() is None
print(type(model.module.data_preprocessor).__name__,
      type(other.data_preprocessor).__name__)
"""


def test_what_is_built_without_a_scope_is_of_mmsegs():
    done = subprocess.run(
        [sys.executable, '-c', SCOPELESS], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-2:] == ['SegDataPreProcessor'] * 2
