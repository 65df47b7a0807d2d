"""Other ways into the tower, against open_clip's own blocks."""

import pytest
import torch

from mmseg_clsclip import ClsCLIPVisionTransformer, load_clip
from mmseg_clsclip.models import (
    GatedAndNavigatedVisionTransformer,
    PseudoInverseVisionTransformer,
    TextGatedVisionTransformer,
    VisualPromptVisionTransformer,
)


def make(kind, architecture, blocks=(1, 2), **kwargs):
    torch.manual_seed(0)
    return kind(architecture=architecture, navigate_blocks=blocks, **kwargs)


@pytest.fixture(scope='module')
def data():
    torch.manual_seed(1)
    return torch.randn(2, 3, 32, 32), torch.randn(2, 3, 16)


@pytest.mark.parametrize('weights', ['channel', 'spatial'])
def test_patches_are_weighed_before_each_navigated_block(tiny_clip_json, data, weights):
    backbone = make(TextGatedVisionTransformer, tiny_clip_json, weights=weights)
    inputs, text = data
    blocks = backbone.visual.module.transformer.resblocks
    with torch.no_grad():
        (maps,) = backbone(inputs, text)
        for n in range(2):
            for k in range(3):
                x = backbone.encode_prefix(inputs[n : n + 1])[0]
                for i, block in enumerate(blocks):
                    if i in (1, 2):
                        t = backbone.projections[i - 1](text[n, k])
                        gate = (
                            t
                            if weights == 'channel'
                            else (x[1:] @ t / 32**0.5)[:, None]
                        )
                        x = torch.cat([x[:1], x[1:] * 2 / (1 + torch.exp(-gate))])
                    x = block(x[None])[0] if i > 0 else x
                torch.testing.assert_close(
                    maps[3 * n + k].flatten(1).T, x[1:], atol=1e-5, rtol=0
                )


def test_a_weight_of_zero_leaves_the_tower_alone(tiny_clip_json, data):
    backbone = make(TextGatedVisionTransformer, tiny_clip_json, weights='channel')
    with torch.no_grad():
        for projection in backbone.projections:
            projection.weight.zero_()
            projection.bias.zero_()
        torch.testing.assert_close(backbone(data[0], data[1][:, :1]), backbone(data[0]))


def test_unknown_weights_are_refused(tiny_clip_json):
    with pytest.raises(ValueError, match="'channel' or 'spatial'"):
        make(TextGatedVisionTransformer, tiny_clip_json, weights='spatal')


def test_a_gate_has_no_use_for_several_tokens(tiny_clip_json):
    assert make(
        TextGatedVisionTransformer, tiny_clip_json, weights='channel', num_tokens=1
    )
    with pytest.raises(ValueError, match='num_tokens=2, and .*: leave num_tokens out'):
        make(
            TextGatedVisionTransformer, tiny_clip_json, weights='channel', num_tokens=2
        )


@pytest.mark.parametrize('number', [1, 3])
def test_text_stands_among_the_tokens_and_weighs_the_patches(
    tiny_clip_json, data, number
):
    backbone = make(
        GatedAndNavigatedVisionTransformer, tiny_clip_json, num_tokens=number
    )
    inputs, text = data
    blocks = backbone.visual.module.transformer.resblocks
    with torch.no_grad():
        (maps,) = backbone(inputs, text)
        for n in range(2):
            for k in range(3):
                x = backbone.encode_prefix(inputs[n : n + 1])[0]
                patches = len(x) - 1
                for i, block in enumerate(blocks):
                    if i in (1, 2):
                        tokens = backbone.projections[i - 1](text[n, k]).view(
                            number, -1
                        )
                        gate = backbone.channel_gates[i - 1](text[n, k])
                        weighed = x[1 : 1 + patches] * 2 / (1 + torch.exp(-gate))
                        x = torch.cat([tokens[:1], weighed, tokens[1:]])
                    x = block(x[None])[0] if i > 0 else x
                    x = x[: 1 + patches] if i == 2 else x  # the last navigated one
                torch.testing.assert_close(
                    maps[3 * n + k].flatten(1).T, x[1:], atol=1e-5, rtol=0
                )


def test_gates_that_say_nothing_leave_the_navigation(tiny_clip_json, data):
    both = make(GatedAndNavigatedVisionTransformer, tiny_clip_json, num_tokens=2)
    alone = make(ClsCLIPVisionTransformer, tiny_clip_json, num_tokens=2)
    alone.projections.load_state_dict(both.projections.state_dict())
    with torch.no_grad():
        assert not torch.equal(both(*data)[0], alone(*data)[0])
        for parameter in both.channel_gates.parameters():
            parameter.zero_()
        assert torch.equal(both(*data)[0], alone(*data)[0])


@pytest.mark.parametrize('blocks', [(), (1, 2)])
def test_prompts_join_every_block_and_leave_again(tiny_clip_json, data, blocks):
    backbone = make(
        VisualPromptVisionTransformer, tiny_clip_json, blocks, num_prompts=3
    )
    inputs, text = data
    visual = backbone.visual.module
    with torch.no_grad():
        (maps,) = backbone(inputs, text[:, :1])
        x = visual.conv1(inputs).flatten(2).transpose(1, 2)
        cls = visual.class_embedding.expand(2, 1, -1)
        x = visual.ln_pre(torch.cat([cls, x], 1) + visual.positional_embedding)
        for i, block in enumerate(visual.transformer.resblocks):
            if i in blocks:
                x[:, 0] = backbone.projections[i - 1](text[:, 0])
            more = backbone.prompts[i].expand(2, -1, -1)
            x = block(torch.cat([x, more], 1))[:, :-3]
    torch.testing.assert_close(
        maps.flatten(2).transpose(1, 2), x[:, 1:], atol=1e-5, rtol=0
    )


def test_prompts_join_several_tokens_of_the_text(tiny_clip_json, data):
    backbone = make(
        VisualPromptVisionTransformer,
        tiny_clip_json,
        (0, 2),
        num_prompts=3,
        num_tokens=4,
    )
    inputs, text = data
    visual = backbone.visual.module
    with torch.no_grad():
        (maps,) = backbone(inputs, text[:, :1])
        x = backbone.first_tokens(inputs)
        more = x[:, :0]
        for i, block in enumerate(visual.transformer.resblocks):
            if i in (0, 2):
                tokens = backbone.projections[i // 2](text[:, 0]).reshape(2, 4, 32)
                x, more = torch.cat([tokens[:, :1], x[:, 1:]], 1), tokens[:, 1:]
            prompts = backbone.prompts[i].expand(2, -1, -1)
            x = block(torch.cat([x, more, prompts], 1))
            x, more = x[:, :17], x[:, 17:20] if i < 2 else x[:, :0]
    torch.testing.assert_close(
        maps.flatten(2).transpose(1, 2), x[:, 1:], atol=1e-5, rtol=0
    )


def test_prompts_of_the_first_block_are_trained(tiny_clip_json, data):
    backbone = make(VisualPromptVisionTransformer, tiny_clip_json)
    backbone(data[0], data[1][:, :1])[0].sum().backward()
    assert backbone.prompts.grad.abs().amax((1, 2)).min() > 0
    assert all(p.grad is None for p in backbone.visual.parameters())


def test_no_prompts_are_the_plain_tower(tiny_clip_json, data):
    prompted = make(VisualPromptVisionTransformer, tiny_clip_json, num_prompts=0)
    plain = make(ClsCLIPVisionTransformer, tiny_clip_json)
    with torch.no_grad():
        torch.testing.assert_close(prompted(*data), plain(*data))


@pytest.mark.parametrize('number', [1, 3])
def test_projections_start_where_clip_reads_them(tiny_clip_json, data, number):
    clip = load_clip(tiny_clip_json)
    visual = clip.model.visual
    with torch.no_grad():
        visual.ln_post.weight.uniform_(0.5, 2)
        visual.ln_post.bias.uniform_(-1, 1)
    backbone = PseudoInverseVisionTransformer(
        navigate_blocks=(1, 2), num_tokens=number, clip=clip
    )
    text = data[1].flatten(0, 1)
    for block in (1, 2):
        token, *others = backbone.project(block, text).chunk(number, 1)
        read = token * visual.ln_post.weight + visual.ln_post.bias
        torch.testing.assert_close(read @ visual.proj, text, atol=1e-4, rtol=0)
        # Alike they would stay alike.
        assert len(others) == number - 1
        assert all((token - other).abs().max() > 0.1 for other in others)


@pytest.mark.parametrize('weights', ['channel', 'spatial'])
def test_gates_are_no_projections_to_a_checkpoint(tiny_clip_json, weights):
    gated = make(TextGatedVisionTransformer, tiny_clip_json, weights=weights)
    trained = [name for name, value in gated.named_parameters() if value.requires_grad]
    assert trained and all(name.startswith(f'{weights}_gates.') for name in trained)
    assert list(gated.projections.parameters()) == [
        value for value in gated.parameters() if value.requires_grad
    ]
    plain = make(ClsCLIPVisionTransformer, tiny_clip_json)
    with pytest.raises(RuntimeError, match='Unexpected key'):
        plain.load_state_dict(gated.state_dict())
