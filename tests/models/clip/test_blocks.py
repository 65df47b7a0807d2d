"""The lean blocks against open_clip's and PyTorch's own modules."""

import pytest
import torch
from open_clip.transformer import QuickGELU, ResidualAttentionBlock
from torch import nn

from mmseg_clsclip.models.clip.blocks import run_block, run_layer


def block(**kwargs):
    torch.manual_seed(0)
    made = ResidualAttentionBlock(64, 4, **kwargs).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.2)
    return made


@pytest.mark.parametrize(
    'kwargs', [dict(act_layer=QuickGELU), {}, dict(ls_init_value=0.1)]
)
@pytest.mark.parametrize('grad', [True, False])
def test_a_block_is_open_clips(kwargs, grad):
    theirs = block(**kwargs)
    x = torch.randn(3, 17, 64, requires_grad=grad)
    before = x.detach().clone()
    with torch.set_grad_enabled(grad):
        ours, want = run_block(theirs, x), theirs(x)
    torch.testing.assert_close(ours, want, atol=2e-5, rtol=1e-5)
    assert torch.equal(x, before)
    if grad:
        for parameter in [x, *theirs.parameters()]:
            one, other = (
                torch.autograd.grad(out.square().mean(), parameter, retain_graph=True)[
                    0
                ]
                for out in (ours, want)
            )
            torch.testing.assert_close(one, other, atol=2e-5, rtol=1e-4)


def test_a_frozen_block_keeps_one_wide_activation():
    """For the backward pass QuickGELU as it stands keeps two."""
    frozen = block(act_layer=QuickGELU).requires_grad_(False)

    def kept(function):
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t: sizes.append(t) or t, lambda t: t
        ):
            function(torch.randn(2, 9, 64, requires_grad=True))
        return len({t.data_ptr() for t in sizes if t.numel() == 2 * 9 * 256})

    assert kept(lambda x: run_block(frozen, x)) == 1
    assert kept(frozen) == 2


def test_another_kind_of_block_runs_as_it_is():
    class Other(ResidualAttentionBlock):
        def forward(self, x):
            return -x

    x = torch.randn(1, 4, 64)
    assert torch.equal(run_block(Other(64, 4), x), -x)


@pytest.mark.parametrize('train', [True, False])
@pytest.mark.parametrize('activation', ['gelu', QuickGELU()])
def test_a_layer_is_pytorchs(train, activation):
    layer = nn.TransformerEncoderLayer(
        64, 4, 256, 0.0, activation, batch_first=True, norm_first=True
    ).train(train)
    x = torch.randn(3, 17, 64)
    with torch.no_grad():
        torch.testing.assert_close(run_layer(layer, x), layer(x), atol=2e-5, rtol=1e-5)
