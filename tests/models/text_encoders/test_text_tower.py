"""Texts through the tower: the short way is the long one."""

import json
from pathlib import Path

import pytest
import torch

from mmseg_clsclip.models.clip.loading import load_clip
from mmseg_clsclip.models.text_encoders import text_tower
from mmseg_clsclip.models.text_encoders.text_tower import (
    encode_in_batches,
    encode_short_text,
    encode_text,
)

TEXTS = ['a photo of a red ring and a blue square', 'ring', '', 'a green cross']


@pytest.fixture
def lengths(monkeypatch):
    """The number of tokens in every forward that takes the long way."""
    seen = []
    long_way = text_tower.encode_text

    def spy(clip, tokens):
        seen.append(tokens.shape[1])
        return long_way(clip, tokens)

    monkeypatch.setattr(text_tower, 'encode_text', spy)
    return seen


def variant(path, folder, text=None, **top):
    """The tiny CLIP with another text tower."""
    config = json.loads(Path(path).read_text())
    config['text_cfg'].update(text or {})
    config.update(top)
    merges = 'shapes-bpe.txt.gz'
    (folder / merges).write_bytes(Path(path).with_name(merges).read_bytes())
    # open_clip keeps one config a name.
    path = folder / f'variant-{folder.parent.name}-{folder.name}.json'
    path.write_text(json.dumps(config))
    return load_clip(str(path))


@torch.no_grad()
@pytest.mark.parametrize('texts', [TEXTS, ['ring'], [''], ['ring ' * 99]])
@pytest.mark.parametrize(
    'text',
    [{}, dict(proj_bias=True), dict(proj_type='none', width=16)],
    ids=['plain', 'linear', 'no-projection'],
)
def test_the_short_way_is_the_long_one(tiny_clip_json, tmp_path, texts, text, lengths):
    clip = variant(tiny_clip_json, tmp_path, text)
    tokens = clip.tokenizer(texts)
    got = encode_short_text(clip.model, tokens)
    assert lengths == []  # it did not go the long way
    want = encode_text(clip.model, tokens)
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)
    assert want.abs().max() > 1e-2


@torch.no_grad()
@pytest.mark.parametrize('weights', ['shipped', None])
def test_it_is_so_with_trained_weights(weights):
    clip = load_clip('shapes-clip', weights)
    tokens = clip.tokenizer(TEXTS)
    got, want = encode_short_text(clip.model, tokens), encode_text(clip.model, tokens)
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)
    assert (got - got[:1]).abs().max() > 0.1


@torch.no_grad()
def test_no_more_is_read_than_the_longest_text(tiny_clip_json):
    clip = load_clip(tiny_clip_json)
    tokens = clip.tokenizer(TEXTS)
    shapes = []
    handle = clip.model.transformer.register_forward_pre_hook(
        lambda module, args: shapes.append(args[0].shape[1])
    )
    encode_short_text(clip.model, tokens)
    encode_short_text(clip.model, tokens[1:])
    handle.remove()
    longest = [int((part != 0).sum(1).max()) for part in (tokens, tokens[1:])]
    assert shapes == longest and longest[1] < longest[0] < tokens.shape[1]


@torch.no_grad()
@pytest.mark.parametrize(
    'text, top',
    [
        (dict(no_causal_mask=True), {}),
        (dict(pool_type='last'), {}),
        (dict(pool_type='eos', eos_id=559), {}),
        (dict(no_causal_mask=True, pool_type='last'), dict(custom_text=True)),
        ({}, dict(custom_text=True)),
        (
            dict(embed_cls=True, output_tokens=True),
            dict(
                multimodal_cfg=dict(
                    context_length=20,
                    vocab_size=560,
                    width=16,
                    heads=2,
                    layers=1,
                    mlp_ratio=2,
                    dim_head=8,
                    n_queries=4,
                ),
                custom_text=True,
            ),
        ),
    ],
    ids=['not-causal', 'last', 'eos', 'like-siglip', 'custom', 'coca'],
)
def test_other_towers_read_all(tiny_clip_json, tmp_path, text, top, lengths):
    clip = variant(tiny_clip_json, tmp_path, text, **top)
    tokens = clip.tokenizer(TEXTS)
    got = encode_short_text(clip.model, tokens)
    assert lengths == [20]
    torch.testing.assert_close(got, clip.model.encode_text(tokens, normalize=False))


@torch.no_grad()
def test_batches_are_one_batch(tiny_clip_json):
    """Each is as long as its own longest text."""
    clip = load_clip(tiny_clip_json)
    want = encode_text(clip.model, clip.tokenizer(TEXTS))
    for size in (1, 2, 3, 99):
        with torch.autocast('cpu', torch.bfloat16):
            got = encode_in_batches(clip.model, clip.tokenizer(TEXTS), size)
        assert got.dtype == torch.float32
        torch.testing.assert_close(got, want, atol=1e-5, rtol=0)
