"""Captions: each is encoded once, for as long as it is the same."""

import copy

import pytest
import torch
import torch.nn.functional as F

from mmseg_clsclip.models.text_encoders import captions as captions_module
from mmseg_clsclip.models.text_encoders.captions import Captions
from mmseg_clsclip.models.text_encoders.open_clip_text_encoder import (
    OpenCLIPTextEncoder,
)

TEXTS = ['a photo of a ring', 'a photo of a cross', 'ring']
CPU = torch.device('cpu')


@torch.no_grad()
def expected(clip, texts):
    return F.normalize(clip.model.encode_text(clip.tokenizer(texts)), dim=-1)


def build(clip, batch_size=32, max_tokens=20):
    return Captions(clip.tokenizer, max_tokens, batch_size, clip.dim)


@torch.no_grad()
def test_each_is_encoded_once_and_in_order(clip, forwards):
    captions = build(clip, batch_size=2)
    first = captions.encode(clip.model, [*TEXTS, TEXTS[0]], CPU)
    assert forwards == [2, 1]
    torch.testing.assert_close(first, expected(clip, [*TEXTS, TEXTS[0]]))
    second = captions.encode(clip.model, [TEXTS[2], 'cross', TEXTS[1]], CPU)
    assert forwards == [2, 1, 1]
    torch.testing.assert_close(second, expected(clip, [TEXTS[2], 'cross', TEXTS[1]]))


@torch.no_grad()
def test_not_all_are_kept_for_ever(clip, forwards, monkeypatch):
    monkeypatch.setattr(captions_module, 'MAX_CAPTIONS', 2)
    captions = build(clip)
    for _ in range(2):
        got = captions.encode(clip.model, TEXTS, CPU)
        torch.testing.assert_close(got, expected(clip, TEXTS))
    assert forwards == [3, 3]


@torch.no_grad()
def test_one_that_is_too_long_is_not_a_number(clip):
    # 20 tokens are read, with start and end.
    fits, long = (' '.join(['ring'] * number) for number in (18, 19))
    got = build(clip).encode(clip.model, [long, 'ring', fits], CPU)
    assert got[0].isnan().all()
    torch.testing.assert_close(got[1:], expected(clip, ['ring', fits]))


@torch.no_grad()
def test_numbers_that_are_not_finite_are_refused_and_not_kept(clip):
    broken = copy.deepcopy(clip.model)
    broken.ln_final.bias.fill_(torch.nan)
    captions = build(clip)
    with pytest.raises(ValueError, match='The text tower, by its weights: row 0'):
        captions.encode(broken, TEXTS, CPU)
    got = captions.encode(clip.model, TEXTS, CPU)
    torch.testing.assert_close(got, expected(clip, TEXTS))


@torch.no_grad()
def test_a_model_may_be_moved(clip, monkeypatch):
    """What was encoded before lies on another device, here one without numbers."""
    captions, places = build(clip), ['meta', 'cpu']
    encode = captions_module.encode_in_batches
    monkeypatch.setattr(
        captions_module, 'encode_in_batches', lambda *args: encode(*args).to(places[0])
    )
    monkeypatch.setattr(captions_module, 'check_finite', lambda *args: None)
    captions.encode(clip.model, TEXTS[:1], torch.device('meta'))
    del places[0]
    got = captions.encode(clip.model, TEXTS, torch.device('meta'))
    assert got.shape == (3, 16) and got.is_meta


# In the text encoder.


def test_the_encoders_follow_its_weights_and_vocabulary(clip, forwards):
    own = clip._replace(model=copy.deepcopy(clip.model))
    encoder = OpenCLIPTextEncoder(own, ['ring', 'cross'], templates=['a {}'])
    first = encoder.encode_captions(TEXTS, CPU)
    # As they are: no template.
    torch.testing.assert_close(first, expected(clip, TEXTS))
    assert torch.equal(encoder.encode_captions(TEXTS, CPU), first)
    assert forwards == [3]
    with torch.no_grad():
        own.model.token_embedding.weight.mul_(2)
    second = encoder.encode_captions(TEXTS, CPU)
    torch.testing.assert_close(second, expected(own, TEXTS))
    assert (first - second).abs().max() > 1e-3 and forwards == [3, 3]
    encoder.set_vocabulary(['ring'])
    assert torch.equal(encoder.encode_captions(TEXTS, CPU), second)


def test_autocast_does_not_reach_what_is_kept(clip):
    encoder = OpenCLIPTextEncoder(clip, ['ring'])
    with torch.autocast('cpu', torch.bfloat16):
        got = encoder.encode_captions(TEXTS, CPU)
    torch.testing.assert_close(got, expected(clip, TEXTS))
    assert not got.requires_grad


def test_without_a_tower_for_them_they_are_refused(clip, tmp_path):
    torch.save(torch.randn(2, 16), tmp_path / 'text.pt')
    file = dict(embeddings=str(tmp_path / 'text.pt'), names=['ring', 'cross'])
    freed = OpenCLIPTextEncoder(clip, ['ring'], free_tower=True)
    of_file = OpenCLIPTextEncoder(clip, file)
    for encoder, message in (
        (freed, 'free_tower=True drops it: set free_tower=False, or set'),
        (of_file, 'file of embeddings: give its names alone, or set'),
    ):
        for _ in range(2):
            with pytest.raises(ValueError, match=message):
                encoder.check_captions()
            with pytest.raises(ValueError, match=message):
                encoder.encode_captions(TEXTS, CPU)
            encoder()  # now the tower is gone, if it may
    of_file.set_vocabulary(['ring'])
    assert of_file.encode_captions(TEXTS, CPU).shape == (3, 16)
