"""VisualPromptVisionTransformer, against open_clip's own blocks."""

import pytest
import torch

from mmseg_clsclip import ClsCLIPVisionTransformer
from mmseg_clsclip.models import VisualPromptVisionTransformer


@pytest.mark.parametrize('blocks', [(), (1, 2)])
def test_prompts_join_every_block_and_leave_again(make, tiny_clip_json, data, blocks):
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


def test_prompts_join_several_tokens_of_the_text(make, tiny_clip_json, data):
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


def test_prompts_of_the_first_block_are_trained(make, tiny_clip_json, data):
    backbone = make(VisualPromptVisionTransformer, tiny_clip_json)
    backbone(data[0], data[1][:, :1])[0].sum().backward()
    assert backbone.prompts.grad.abs().amax((1, 2)).min() > 0
    assert all(p.grad is None for p in backbone.visual.parameters())


def test_no_prompts_are_the_plain_tower(make, tiny_clip_json, data):
    prompted = make(VisualPromptVisionTransformer, tiny_clip_json, num_prompts=0)
    plain = make(ClsCLIPVisionTransformer, tiny_clip_json)
    with torch.no_grad():
        torch.testing.assert_close(prompted(*data), plain(*data))
