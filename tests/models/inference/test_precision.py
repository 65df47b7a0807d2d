"""The precision of inference, and what it casts."""

import copy
import io
import pickle
import warnings

import pytest
import torch
from mmseg.registry import MODELS
from torch.utils._python_dispatch import TorchDispatchMode

from mmseg_clsclip.models.inference.precision import resolve_dtype

CPU = torch.device('cpu')
HALF = dict(mode='whole', dtype='bfloat16')


def build(architecture, test_cfg=None):
    torch.manual_seed(2)
    return MODELS.build(
        dict(
            type='ClsCLIP',
            data_preprocessor=dict(type='SegDataPreProcessor', size=(32, 32)),
            backbone=dict(
                type='ClsCLIPVisionTransformer',
                architecture=architecture,
                navigate_blocks=(1, 2),
            ),
            text_encoder=dict(type='OpenCLIPTextEncoder', vocabulary=['cat', 'dog']),
            decode_head=dict(
                type='ClsCLIPHead',
                in_channels=32,
                num_heads=2,
                conv_channels=(8, 4),
                upsample=2,
            ),
            test_cfg=test_cfg or dict(mode='whole'),
        )
    ).eval()


def infer(model, inputs):
    meta = dict(ori_shape=inputs.shape[2:], img_shape=inputs.shape[2:])
    return model.inference(inputs, [meta] * len(inputs))


class Casts(TorchDispatchMode):
    """Counts the casts of leaves, which weights are."""

    def __init__(self, weights):
        super().__init__()
        self.ids = {weight.data_ptr() for weight in weights}
        self.number = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten._to_copy.default:
            self.number += args[0].data_ptr() in self.ids
        return func(*args, **kwargs or {})


def count_casts(model, inputs):
    casts = Casts([*model.backbone.parameters(), *model.decode_head.parameters()])
    with torch.no_grad(), casts:
        logits = infer(model, inputs)
    return casts.number, logits


@pytest.fixture
def inputs():
    return torch.randn(1, 3, 32, 32)


def test_weights_are_cast_once(tiny_clip_json, inputs):
    model = build(tiny_clip_json, test_cfg=HALF)
    surrounded = build(tiny_clip_json)
    with torch.autocast('cpu', torch.bfloat16):
        each, want = count_casts(surrounded, inputs)
    first, got = count_casts(model, inputs)
    second, again = count_casts(model, inputs)
    assert first == second == 0 and each > 20  # a copy was cast
    assert torch.equal(got, again)
    with torch.no_grad():
        full = infer(surrounded, inputs)
    error = (want - full).abs().max()
    assert 0 < (got - full).abs().max() < 2 * error
    # What autocast alone makes of the same weights, but for where it rounds.
    assert (got - want).abs().max() < 2 * error


def test_it_follows_the_weights(tiny_clip_json, inputs):
    model = build(tiny_clip_json, test_cfg=HALF)
    _, before = count_casts(model, inputs)
    for change in (
        lambda: model.backbone.projections[0].bias.add_(1),
        lambda: model.decode_head.conv_seg.bias.add_(1),
        lambda: model.load_state_dict(
            {k: v + 0.1 if v.is_floating_point() else v for k, v in trained(model)}
        ),
    ):
        with torch.no_grad():
            change()
        _, after = count_casts(model, inputs)
        assert (after - before).abs().max() > 1e-3
        before = after


def changed_unseen(model, change):
    """Change a weight without a trace."""
    weight = model.decode_head.conv_seg.weight
    version = weight._version
    change(model, weight)
    assert weight._version == version


def step_fused(model, weight):
    weight.grad = torch.ones_like(weight)
    torch.optim.SGD([weight], lr=1.0, fused=True).step()


def swap_averages(model, weight):
    """As mmengine's EMAHook does."""
    weight.data.copy_(weight.data + 1)


@pytest.mark.parametrize('change', [step_fused, swap_averages])
def test_an_evaluation_casts_what_has_changed_unseen(tiny_clip_json, inputs, change):
    model = build(tiny_clip_json, test_cfg=HALF)
    _, before = count_casts(model, inputs)
    changed_unseen(model, change)
    model.eval()  # as every loop of mmengine begins
    _, after = count_casts(model, inputs)
    assert (after - before).abs().max() > 1e-2
    assert torch.equal(after, count_casts(copy.deepcopy(model), inputs)[1])


def test_weights_of_inference_mode_may_be_loaded_twice(tiny_clip_json, inputs):
    with torch.inference_mode():
        model = build(tiny_clip_json, test_cfg=HALF)
        before = infer(model, inputs)
        state = {k: v + 0.1 if v.is_floating_point() else v for k, v in trained(model)}
        model.load_state_dict(state)
        assert (infer(model, inputs) - before).abs().max() > 1e-2


def test_what_is_set_later_is_set_on_the_copy(tiny_clip_json, inputs):
    model = build(tiny_clip_json, test_cfg=HALF)
    with torch.no_grad():
        cast = model.class_by_class.in_precision(model, CPU)
        model.align_corners = not model.align_corners
        model.text_encoder = copy.deepcopy(model.text_encoder)
        assert model.class_by_class.in_precision(model, CPU) is cast
    assert cast.align_corners == model.align_corners
    assert cast.text_encoder is model.text_encoder
    assert cast.backbone is not model.backbone
    assert cast.decode_head.conv_seg.weight.dtype == torch.bfloat16


def trained(model):
    return [(key, value.clone()) for key, value in model.state_dict().items()]


def test_copies_have_weights_of_their_own(tiny_clip_json, inputs):
    model = build(tiny_clip_json, test_cfg=HALF)
    keys = set(model.state_dict())
    _, want = count_casts(model, inputs)
    assert set(model.state_dict()) == keys
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    for other in (copy.deepcopy(model), pickled(model)):
        with torch.no_grad():
            other.decode_head.conv_seg.bias.add_(1)
            _, moved = count_casts(other, inputs)
        # One added to a logit is one added to all of them.
        torch.testing.assert_close(
            (moved - want)[:, 1:], torch.ones_like(want[:, 1:]), atol=0.05, rtol=0
        )
        assert torch.equal(count_casts(model, inputs)[1], want)


def pickled(model):
    file = io.BytesIO()
    pickle.dump(model.class_by_class.precision, file)
    assert len(file.getvalue()) < 1000
    other = copy.deepcopy(model)
    other.class_by_class.precision = pickle.loads(file.getvalue())
    return other


def test_with_gradients_nothing_is_copied(tiny_clip_json, inputs):
    model = build(tiny_clip_json, test_cfg=HALF)
    infer(model, inputs).sum().backward()
    assert model.decode_head.conv_seg.bias.grad is not None


@pytest.mark.parametrize('amx', [False, True])
@pytest.mark.parametrize('avx', [False, True])
def test_auto_is_what_the_device_is_made_for(monkeypatch, avx, amx):
    for name, has in (
        ('_is_avx512_bf16_supported', avx),
        ('_is_amx_tile_supported', amx),
    ):
        monkeypatch.setattr(torch.cpu, name, lambda has=has: has, raising=False)
    want = torch.bfloat16 if avx or amx else torch.float32
    assert resolve_dtype('auto', CPU) == want
    assert resolve_dtype(None, CPU) is None
    assert resolve_dtype('bfloat16', CPU) == torch.bfloat16
    assert resolve_dtype('float32', CPU) == torch.float32


@pytest.mark.parametrize('emulates', [True, False])
@pytest.mark.parametrize('has', [True, False])
def test_auto_takes_no_emulation(monkeypatch, has, emulates):
    def supported(including_emulation=True):
        return has or including_emulation

    monkeypatch.setattr(
        torch.cuda, 'is_bf16_supported', supported if emulates else lambda: has
    )
    want = torch.bfloat16 if has else torch.float32
    assert resolve_dtype('auto', torch.device('cuda')) == want
    # A device that says nothing of it.
    assert resolve_dtype('auto', torch.device('meta')) == torch.float32


def test_float16_on_a_cpu_is_told():
    with pytest.warns(UserWarning, match="write 'bfloat16', or 'auto'"):
        assert resolve_dtype('float16', CPU) == torch.float16
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert resolve_dtype('float16', torch.device('cuda')) == torch.float16
        assert resolve_dtype('auto', CPU) in (torch.float32, torch.bfloat16)
