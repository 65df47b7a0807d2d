"""The backbone against open_clip's own forward and a plain reference."""

import copy

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
    backbone = build(clip)
    with torch.autocast('cpu', torch.bfloat16):
        found = backbone._position_embedding(grid)
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)
    assert torch.equal(found, learned) == (grid == (4, 4))
    assert backbone._position_embedding(grid) is found


def test_positions_are_kept_until_something_changes(clip):
    backbone = copy.deepcopy(build(clip))
    learned = backbone.visual.module.positional_embedding
    first = backbone._position_embedding((3, 7))
    assert backbone._position_embedding((7, 3)).shape == first.shape
    assert torch.equal(backbone._position_embedding((3, 7)), first)
    with torch.no_grad():
        learned.mul_(2)
    torch.testing.assert_close(backbone._position_embedding((3, 7)), 2 * first)
    half = copy.deepcopy(backbone).to(torch.bfloat16)
    assert half._position_embedding((3, 7)).dtype == torch.bfloat16
    with torch.inference_mode():
        assert backbone._position_embedding((3, 7)).is_inference()
    assert not backbone._position_embedding((3, 7)).is_inference()


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


class OneToken(ClsCLIPVisionTransformer):
    """The [CLS] replaced by one token, and no word of others."""

    def navigate(self, prefix, text, grid):
        x = prefix[:, None].expand(-1, text.shape[1], -1, -1).flatten(0, 1)
        text = text.flatten(0, 1)
        for i in range(self.first_navigated, self.depth):
            if i in self.navigate_blocks:
                cls = self.project(i, text)[:, None].to(x.dtype)
                x = torch.cat([cls, x[:, 1:]], dim=1)
            x = self.run_block(i, x)
        return self.patch_map(x, grid)


@pytest.mark.parametrize('blocks', [(0,), (1, 2), (0, 3)])
def test_one_token_is_the_papers_to_the_bit(clip, blocks):
    inputs, text = torch.randn(2, 3, 32, 40), torch.randn(2, 3, 16)
    runs = []
    for kind, kwargs in (
        (OneToken, {}),
        (ClsCLIPVisionTransformer, {}),
        (ClsCLIPVisionTransformer, dict(num_tokens=1)),
    ):
        torch.manual_seed(1)
        backbone = kind(clip=clip, navigate_blocks=blocks, **kwargs)
        out = backbone(inputs, text)[0]
        out.square().mean().backward()
        grads = {n: p.grad for n, p in backbone.projections.named_parameters()}
        runs.append(dict(backbone.state_dict(), out=out, **grads))
    for run in runs[1:]:
        assert list(run) == list(runs[0])
        assert all(torch.equal(run[key], runs[0][key]) for key in run)


def with_tokens(visual, inputs, text, projections, number):
    """One picture and class by open_clip's own blocks, others appended by hand."""
    x = visual.conv1(inputs).flatten(2).transpose(1, 2)
    cls = visual.class_embedding.view(1, 1, -1)
    x = visual.ln_pre(torch.cat([cls, x], 1) + visual.positional_embedding)
    others = x[:, :0]
    for i, block in enumerate(visual.transformer.resblocks):
        if i in projections:
            tokens = projections[i](text).reshape(1, number, -1)
            x, others = torch.cat([tokens[:, :1], x[:, 1:]], 1), tokens[:, 1:]
        x, others = block(torch.cat([x, others], 1)).split([17, others.shape[1]], 1)
        if i == max(projections):
            others = x[:, :0]
    return x[:, 1:]


@pytest.mark.parametrize('blocks', [(0,), (1, 2), (0, 2), (1, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize('shared', [False, True])
@pytest.mark.parametrize('number', [2, 5])
def test_several_tokens_equal_the_reference(clip, blocks, shared, number):
    backbone = build(
        clip, navigate_blocks=blocks, shared_projection=shared, num_tokens=number
    )
    maps = {
        block: backbone.projections[0 if shared else n]
        for n, block in enumerate(blocks)
    }
    inputs, text = torch.randn(2, 3, 32, 32), torch.randn(2, 3, 16)
    with torch.no_grad():
        got = backbone(inputs, text)[0].flatten(2).transpose(1, 2)
        for n in range(2):
            for k in range(3):
                expected = with_tokens(
                    clip.model.visual, inputs[n : n + 1], text[n, k], maps, number
                )
                torch.testing.assert_close(
                    got[3 * n + k][None], expected, atol=1e-5, rtol=0
                )


def test_others_stay_between_navigated_blocks_and_go_after_the_last(clip, monkeypatch):
    backbone = build(clip, navigate_blocks=(0, 2), num_tokens=4)
    lengths = []
    run_block = ClsCLIPVisionTransformer.run_block

    def watched(self, i, x):
        lengths.append(x.shape[1])
        return run_block(self, i, x)

    monkeypatch.setattr(ClsCLIPVisionTransformer, 'run_block', watched)
    inputs = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        backbone(inputs, torch.randn(1, 2, 16))
        backbone(inputs)
    assert lengths == [20, 20, 20, 17] + 4 * [17]


def test_several_tokens_without_text_or_navigated_blocks_are_open_clips_own(clip):
    inputs, text = torch.randn(2, 3, 32, 32), torch.randn(2, 1, 16)
    none = build(clip, navigate_blocks=(), num_tokens=3)
    assert not none.state_dict()
    with torch.no_grad():
        expected = open_clip_tokens(clip.model.visual, inputs)
        for maps in (build(clip, num_tokens=3)(inputs), none(inputs, text)):
            tokens = maps[0].flatten(2).transpose(1, 2)
            torch.testing.assert_close(tokens, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize('with_cp', [False, True])
@pytest.mark.parametrize('blocks', [(1, 2), (0, 3)])
def test_gradients_reach_the_map_of_every_token(clip, with_cp, blocks):
    backbone = build(clip, navigate_blocks=blocks, num_tokens=3, with_cp=with_cp)
    inputs, text = torch.randn(2, 3, 32, 32), torch.randn(2, 2, 16)
    backbone(inputs, text)[0].square().mean().backward()
    plain = build(clip, navigate_blocks=blocks, num_tokens=3)
    plain(inputs, text)[0].square().mean().backward()
    for one, other in zip(backbone.projections, plain.projections):
        assert one.weight.shape == (3 * 32, 16)
        grads = one.weight.grad.unflatten(0, (3, 32))
        assert grads.abs().amax((1, 2)).min() > 1e-6
        torch.testing.assert_close(one.weight.grad, other.weight.grad)
