"""The maps are torch's own attention; the shares are counted by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from mmseg_clsclip import ClsCLIPVisionTransformer, load_clip
from mmseg_clsclip.models import VisualPromptVisionTransformer
from mmseg_clsclip.visualization.navigation import (
    class_token_attention,
    draw_navigation,
    navigation_maps,
    on_patches,
    share_inside,
)


@pytest.fixture(scope='module')
def backbone(tiny_clip_json):
    torch.manual_seed(0)
    return ClsCLIPVisionTransformer(
        clip=load_clip(tiny_clip_json), navigate_blocks=(1, 2)
    ).eval()


@pytest.fixture(scope='module')
def prompted(tiny_clip_json):
    torch.manual_seed(0)
    backbone = VisualPromptVisionTransformer(
        clip=load_clip(tiny_clip_json), navigate_blocks=(1, 2), num_prompts=5
    )
    torch.nn.init.normal_(backbone.prompts)
    return backbone.eval()


def torchs_own(block, x):
    """Mean of the heads (M, 1 + L, 1 + L), by torch's own module."""
    x = block.ln_1(x)
    return block.attn(x, x, x, need_weights=True)[1]


def test_a_block_attends_as_torch_says(backbone):
    block = backbone.visual.module.transformer.resblocks[1]
    x = torch.randn(3, 17, 32)
    with torch.no_grad():
        expected = torchs_own(block, x)
        looks, listens = class_token_attention(block, x)
    torch.testing.assert_close(looks, expected[:, 0])
    torch.testing.assert_close(listens, expected[:, :, 0])
    assert looks.std() > 0 and not torch.allclose(looks, listens, atol=1e-3)


@pytest.mark.parametrize('tower, more', [('backbone', 0), ('prompted', 5)])
@pytest.mark.parametrize('named', [True, False])
def test_the_maps_are_those_of_the_tower_as_it_runs(request, tower, more, named):
    backbone = request.getfixturevalue(tower)
    inputs, text = torch.randn(1, 3, 32, 40), torch.randn(1, 16)
    maps = navigation_maps(backbone, inputs, text if named else None)
    assert maps.shape == (2, 4, 4, 5)
    with torch.no_grad():
        x = backbone.first_tokens(inputs)
        for i, block in enumerate(backbone.visual.module.transformer.resblocks):
            if named and i in (1, 2):
                x = x.clone()
                x[:, 0] = backbone.projections[i - 1](text)
            prompts = backbone.prompts[i][None] if more else x[:, :0]
            x = torch.cat([x, prompts], 1)
            weights = torchs_own(block, x)[0]
            for got, row in zip(maps[:, i], (weights[0], weights[:, 0])):
                torch.testing.assert_close(got, row[1:21].reshape(4, 5))
            x = block(x)[:, :21]
        # What was walked through is what the model computes.
        feats = backbone(inputs, text[:, None] if named else None)[0]
    torch.testing.assert_close(x[:, 1:].transpose(1, 2), feats.flatten(2))


def test_of_several_tokens_the_maps_are_of_that_in_the_place_of_the_cls(tiny_clip_json):
    torch.manual_seed(0)
    backbone = ClsCLIPVisionTransformer(
        clip=load_clip(tiny_clip_json), navigate_blocks=(0, 2), num_tokens=3
    ).eval()
    inputs, text = torch.randn(1, 3, 32, 40), torch.randn(1, 16)
    maps = navigation_maps(backbone, inputs, text)
    with torch.no_grad():
        x = backbone.first_tokens(inputs)
        more = x[:, :0]
        for i, block in enumerate(backbone.visual.module.transformer.resblocks):
            if i in (0, 2):
                tokens = backbone.projections[i // 2](text).reshape(1, 3, 32)
                x, more = torch.cat([tokens[:, :1], x[:, 1:]], 1), tokens[:, 1:]
            x = torch.cat([x, more], 1)
            weights = torchs_own(block, x)[0]
            for got, row in zip(maps[:, i], (weights[0], weights[:, 0])):
                torch.testing.assert_close(got, row[1:21].reshape(4, 5))
            x = block(x)
            x, more = x[:, :21], x[:, 21:] if i < 2 else x[:, :0]
        feats = backbone(inputs, text[:, None])[0]
    torch.testing.assert_close(x[:, 1:].transpose(1, 2), feats.flatten(2))


def test_the_text_changes_nothing_before_it_comes_in(backbone):
    inputs = torch.randn(1, 3, 32, 32)
    one, none = (
        navigation_maps(backbone, inputs, text) for text in (torch.randn(1, 16), None)
    )
    assert torch.equal(one[:, 0], none[:, 0])
    # The patches are the same before block 1, the token is not.
    assert not torch.allclose(one[:, 1], none[:, 1], rtol=1e-3)


def test_another_kind_of_attention_is_refused():
    block = nn.Module()
    block.attn = nn.Identity()
    with pytest.raises(ValueError, match='is a Identity'):
        class_token_attention(block, torch.zeros(1, 2, 4))


def test_a_mask_on_patches():
    mask = torch.zeros(20, 40)
    mask[:10, 10:20] = 1
    mask[10:] = 255
    # At 10 x 20 into the tower: patches of 4 are 3 x 5, the last row half.
    inside = on_patches(mask, (10, 20), (3, 5), (4, 4))
    expected = torch.tensor(
        [[0, 0.75, 0.5, 0, 0], [0, 0.1875, 0.125, 0, 0], [0, 0, 0, 0, 0]]
    )
    torch.testing.assert_close(inside, expected)
    assert inside.sum() * 16 == 25  # pixels of the mask at half its size


def test_the_share_inside():
    maps = torch.tensor([[[0.1, 0.3], [0.2, 0.2]], [[0.25, 0.25], [0.25, 0.25]]])
    inside = torch.tensor([[0, 1], [0.5, 0]])
    torch.testing.assert_close(share_inside(maps, inside), torch.tensor([0.5, 0.375]))


def test_the_drawing():
    picture = np.full((20, 30, 3), 128, np.uint8)
    maps = {'text': np.random.rand(3, 2, 3), 'visual': np.ones((3, 2, 3))}
    mask = np.zeros((20, 30), np.uint8)
    mask[5:10, 5:10] = 1
    drawn = draw_navigation(picture, 'cat', maps, mask)
    known = draw_navigation(
        picture, 'cat', maps, mask, (1.5, 1), mask, [[0.1, 0.2, 0.3]] * 2, (1,)
    )
    assert drawn.dtype == np.uint8 and drawn.shape == known.shape
    # Grey with 45 % of magenta: once predicted, once true as well.
    magenta = [
        (abs(d.astype(int) - (185, 70, 185)).max(-1) < 3).sum() for d in (drawn, known)
    ]
    assert magenta[0] > 10 and magenta[1] == pytest.approx(2 * magenta[0], rel=0.2)
