"""TextGatedVisionTransformer, against open_clip's own blocks."""

import pytest
import torch

from mmseg_clsclip import ClsCLIPVisionTransformer
from mmseg_clsclip.models import TextGatedVisionTransformer


@pytest.mark.parametrize('weights', ['channel', 'spatial'])
def test_patches_are_weighed_before_each_navigated_block(
    make, tiny_clip_json, data, weights
):
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


def test_a_weight_of_zero_leaves_the_tower_alone(make, tiny_clip_json, data):
    backbone = make(TextGatedVisionTransformer, tiny_clip_json, weights='channel')
    with torch.no_grad():
        for projection in backbone.projections:
            projection.weight.zero_()
            projection.bias.zero_()
        torch.testing.assert_close(backbone(data[0], data[1][:, :1]), backbone(data[0]))


def test_unknown_weights_are_refused(make, tiny_clip_json):
    with pytest.raises(ValueError, match="'channel' or 'spatial'"):
        make(TextGatedVisionTransformer, tiny_clip_json, weights='spatal')


def test_a_gate_has_no_use_for_several_tokens(make, tiny_clip_json):
    assert make(
        TextGatedVisionTransformer, tiny_clip_json, weights='channel', num_tokens=1
    )
    with pytest.raises(ValueError, match='num_tokens=2, and .*: leave num_tokens out'):
        make(
            TextGatedVisionTransformer, tiny_clip_json, weights='channel', num_tokens=2
        )


@pytest.mark.parametrize('weights', ['channel', 'spatial'])
def test_gates_are_no_projections_to_a_checkpoint(make, tiny_clip_json, weights):
    gated = make(TextGatedVisionTransformer, tiny_clip_json, weights=weights)
    trained = [name for name, value in gated.named_parameters() if value.requires_grad]
    assert trained and all(name.startswith(f'{weights}_gates.') for name in trained)
    assert list(gated.projections.parameters()) == [
        value for value in gated.parameters() if value.requires_grad
    ]
    plain = make(ClsCLIPVisionTransformer, tiny_clip_json)
    with pytest.raises(RuntimeError, match='Unexpected key'):
        plain.load_state_dict(gated.state_dict())
