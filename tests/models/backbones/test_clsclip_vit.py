"""The backbone against open_clip's own forward and a plain reference."""

import pytest
import torch
import torch.nn.functional as F

from mmseg_clsclip import ClsCLIPVisionTransformer, load_clip


@pytest.fixture(scope='module')
def clip(tiny_clip_json):
    return load_clip(tiny_clip_json)


def build(clip, **kwargs):
    torch.manual_seed(1)
    kwargs.setdefault('navigate_blocks', (1, 2))
    return ClsCLIPVisionTransformer(clip=clip, **kwargs).eval()


def reference(visual, inputs, text, projections):
    """Navigation in ten lines: one picture at a time, one class, own size."""
    x = visual.conv1(inputs).flatten(2).transpose(1, 2)
    cls = visual.class_embedding.view(1, 1, -1).repeat(len(x), 1, 1)
    x = visual.ln_pre(torch.cat([cls, x], 1) + visual.positional_embedding)
    for i, block in enumerate(visual.transformer.resblocks):
        if i in projections:
            x = x.clone()
            x[:, 0] = projections[i](text)
        x = block(x)
    return x[:, 1:]


def open_clip_tokens(visual, inputs):
    """The last block's patch tokens, by open_clip's own forward."""
    out = visual.forward_intermediates(inputs, indices=1, output_fmt='NLC')
    return out['image_intermediates'][-1]


def test_without_text_it_is_open_clips_own(clip):
    backbone = build(clip)
    inputs = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        tokens = backbone(inputs)[0].flatten(2).transpose(1, 2)
        expected = open_clip_tokens(clip.model.visual, inputs)
    torch.testing.assert_close(tokens, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize('size', [(48, 32), (24, 56), (96, 96)])
def test_other_sizes_equal_open_clip_after_its_resizing(clip, size):
    from open_clip.transformer import VisionTransformer

    visual = clip.model.visual
    grid = (size[0] // 8, size[1] // 8)
    positions = visual.positional_embedding
    patches = positions[1:].reshape(1, 4, 4, -1).permute(0, 3, 1, 2)
    patches = (
        F.interpolate(patches, size=grid, mode='bicubic', antialias=True)[0]
        .flatten(1)
        .T
    )
    other = VisionTransformer(size, 8, 32, 4, 2, 4.0, output_dim=16)
    state = dict(
        visual.state_dict(), positional_embedding=torch.cat([positions[:1], patches])
    )
    other.load_state_dict(state)
    inputs = torch.randn(2, 3, *size)
    backbone = build(clip)
    with torch.no_grad():
        tokens = backbone(inputs)[0].flatten(2).transpose(1, 2)
        again = backbone(inputs)[0].flatten(2).transpose(1, 2)
        expected = open_clip_tokens(other.eval(), inputs)
    torch.testing.assert_close(tokens, expected, atol=1e-5, rtol=0)
    assert torch.equal(tokens, again)


@pytest.mark.parametrize('blocks', [(0,), (1, 2), (0, 3), (0, 1, 2, 3), ()])
@pytest.mark.parametrize('shared', [False, True])
def test_navigation_equals_the_reference(clip, blocks, shared):
    backbone = build(clip, navigate_blocks=blocks, shared_projection=shared)
    assert len(backbone.projections) == (min(1, len(blocks)) if shared else len(blocks))
    maps = {
        block: backbone.projections[0 if shared else n]
        for n, block in enumerate(blocks)
    }
    inputs, text = torch.randn(2, 3, 32, 32), torch.randn(2, 3, 16)
    with torch.no_grad():
        got = backbone(inputs, text)[0].flatten(2).transpose(1, 2)
        for n in range(2):
            for k in range(3):
                expected = reference(
                    clip.model.visual, inputs[n : n + 1], text[n, k], maps
                )
                torch.testing.assert_close(
                    got[3 * n + k][None], expected, atol=1e-5, rtol=0
                )


def test_a_size_of_no_whole_patches_is_padded_with_zeros(clip):
    backbone = build(clip)
    inputs, text = torch.randn(1, 3, 30, 37), torch.randn(1, 2, 16)
    with torch.no_grad():
        got = backbone(inputs, text)[0]
        padded = backbone(F.pad(inputs, (0, 3, 0, 2)), text)[0]
    assert got.shape == (2, 32, 4, 5)
    assert torch.equal(got, padded)


def test_only_the_projections_are_trained(clip):
    backbone = build(clip).train()
    assert not backbone.visual.module.training
    names = {n for n, p in backbone.named_parameters() if p.requires_grad}
    assert names == {
        f'projections.{i}.{part}' for i in range(2) for part in ('weight', 'bias')
    }
    before = {k: v.clone() for k, v in clip.model.visual.state_dict().items()}
    out = backbone(torch.randn(1, 3, 32, 32), torch.randn(1, 1, 16))[0]
    out.square().mean().backward()
    trained = list(backbone.projections.parameters())
    assert all(p.grad.abs().sum() > 0 for p in trained)
    assert all(p.grad is None for p in backbone.visual.parameters())
    after = clip.model.visual.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_a_checkpoint_holds_the_projections_and_loads_strictly(clip):
    backbone = build(clip)
    state = backbone.state_dict()
    assert set(state) == {
        f'projections.{i}.{part}' for i in range(2) for part in ('weight', 'bias')
    }
    other = build(clip)
    torch.nn.init.zeros_(other.projections[0].weight)
    other.load_state_dict(state, strict=True)
    assert torch.equal(other.projections[0].weight, state['projections.0.weight'])


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_autocast_stays_near_full_precision(clip, dtype):
    backbone = build(clip)
    # Of one patch, so that the text is half of what it attends to.
    inputs, text = torch.randn(1, 3, 8, 8), torch.randn(1, 2, 16)
    with torch.no_grad():
        full = backbone(inputs, text)[0]
        with torch.autocast('cpu', dtype):
            half = backbone(inputs, text)[0].float()
    # Much less than what the text does.
    assert (full - half).abs().max() < 0.1 * (full[0] - full[1]).abs().max()


@pytest.mark.parametrize('grid', [(4, 4), (3, 7), (1, 1), (9, 2)])
def test_positions_are_those_of_full_precision(clip, grid):
    learned = clip.model.visual.positional_embedding
    wanted = (
        F.interpolate(
            learned[1:].reshape(1, 4, 4, -1).permute(0, 3, 1, 2),
            size=grid,
            mode='bicubic',
            antialias=True,
        )[0]
        .flatten(1)
        .T
    )
    wanted = torch.cat([learned[:1], wanted])
    with torch.autocast('cpu', torch.bfloat16):
        found = build(clip)._position_embedding(grid)
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)
    assert torch.equal(found, learned) == (grid == (4, 4))


@pytest.mark.parametrize('blocks', [(4,), (-1, 2), (1, 99)])
def test_blocks_out_of_range(clip, blocks):
    with pytest.raises(ValueError, match='has 4 blocks, 0 to 3, so there is'):
        build(clip, navigate_blocks=blocks)


def kept(backbone, inputs, text):
    """Bytes that a forward keeps for the way back, but for parameters."""
    own = {p.data_ptr() for p in backbone.parameters()}
    sizes = {}

    def pack(tensor):
        if tensor.data_ptr() not in own:
            sizes[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        out = backbone(inputs, text)[0]
    return out, sum(sizes.values())


def test_checkpointing_keeps_less_and_gives_the_same_gradients(clip):
    inputs, text = torch.randn(2, 3, 32, 32), torch.randn(2, 1, 16)
    plain, saving = build(clip).train(), build(clip, with_cp=True).train()
    saving.load_state_dict(plain.state_dict())
    results = []
    for backbone in (plain, saving):
        out, size = kept(backbone, inputs, text)
        out.square().mean().backward()
        results.append((out, size))
    torch.testing.assert_close(results[0][0], results[1][0])
    for one, other in zip(plain.projections, saving.projections):
        assert one.weight.grad.abs().max() > 0
        torch.testing.assert_close(one.weight.grad, other.weight.grad)
    assert results[1][1] < results[0][1] / 3


def test_blocks_before_the_first_navigated_one_keep_nothing(clip):
    backbone = build(clip, navigate_blocks=(3,)).train()
    prefix = backbone.encode_prefix(torch.randn(2, 3, 32, 32))
    assert prefix.grad_fn is None and not prefix.requires_grad
