"""GatedAndNavigatedVisionTransformer, against open_clip's own blocks."""

import pytest
import torch

from mmseg_clsclip import ClsCLIPVisionTransformer
from mmseg_clsclip.models import GatedAndNavigatedVisionTransformer


@pytest.mark.parametrize('number', [1, 3])
def test_text_stands_among_the_tokens_and_weighs_the_patches(
    make, tiny_clip_json, data, number
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


def test_gates_that_say_nothing_leave_the_navigation(make, tiny_clip_json, data):
    both = make(GatedAndNavigatedVisionTransformer, tiny_clip_json, num_tokens=2)
    alone = make(ClsCLIPVisionTransformer, tiny_clip_json, num_tokens=2)
    alone.projections.load_state_dict(both.projections.state_dict())
    with torch.no_grad():
        assert not torch.equal(both(*data)[0], alone(*data)[0])
        for parameter in both.channel_gates.parameters():
            parameter.zero_()
        assert torch.equal(both(*data)[0], alone(*data)[0])
