"""CLIPPresence: against open_clip's own embeddings, and what it refuses."""

import json
import math
from itertools import combinations
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from mmseg_clsclip.models.clip.loading import load_clip
from mmseg_clsclip.models.presence import CLIPPresence
from mmseg_clsclip.models.presence.building import resolve_presence
from mmseg_clsclip.models.presence.metainfo import read_presence
from mmseg_clsclip.models.text_encoders.open_clip_text_encoder import (
    OpenCLIPTextEncoder,
)

NAMES = ['red circle', 'blue square', 'green ring', 'cross']
NO_PADDING = (0, 0, 0, 0)
# All of them are asked, and all captions are read.
ALL = dict(min_probability=0, beam=99, shortlist=99)


@pytest.fixture(scope='module')
def clip(tiny_clip_json):
    return load_clip(tiny_clip_json)


def judge(clip, inputs, names=NAMES, paddings=None, text=None, least=False, **presence):
    encoder = OpenCLIPTextEncoder(clip, names, **text or {})
    return CLIPPresence(**presence)(
        clip.model.visual,
        encoder,
        inputs,
        paddings or [NO_PADDING] * len(inputs),
        at_least_one=least,
    )


def resized(view, size=(32, 32)):
    return F.interpolate(view, size, mode='bilinear', antialias=True)


@torch.no_grad()
def shares(clip, views, captions, sharpness=1.0):
    """CLIP's own softmax over captions (N, T)."""
    pictures = clip.model.encode_image(resized(views))
    pictures = pictures[0] if isinstance(pictures, tuple) else pictures
    text = clip.model.encode_text(clip.tokenizer(captions))
    cosines = F.normalize(pictures, dim=-1) @ F.normalize(text, dim=-1).T
    return (sharpness * clip.model.logit_scale.exp() * cosines).softmax(1)


@pytest.mark.parametrize('size', [(32, 32), (60, 45), (1, 1), (1, 500), (500, 1)])
def test_of_one_name_it_is_clips_softmax(clip, size):
    inputs = torch.randn(3, 3, *size)
    got = judge(clip, inputs, max_names=1, views='whole', sharpness=0.5)
    want = shares(clip, inputs, NAMES, 0.5)
    torch.testing.assert_close(got.probability, want, atol=1e-5, rtol=0)
    torch.testing.assert_close(got.prior, want.log(), atol=1e-4, rtol=0)
    assert torch.equal(got.asked, got.probability >= 0.05)


def test_the_most_likely_are_asked_however_unlikely(clip):
    inputs = torch.randn(4, 3, 32, 32)
    options = dict(max_names=1, views='whole', min_probability=0, max_asked=3)
    # All but the best are as unlikely as can be told.
    got = judge(clip, inputs, sharpness=100.0, **options)
    assert ((got.prior == -20).sum(1) > 1).all()
    assert torch.equal(got.asked, judge(clip, inputs, **options).asked)


def test_of_several_names_it_is_the_sum_over_captions(clip):
    inputs = torch.randn(3, 3, 40, 52)
    got = judge(clip, inputs, max_names=2, views='whole', weight=2.0, **ALL)
    captions = [*((k,) for k in range(4)), *combinations(range(4), 2)]
    texts = [
        'a photo of a ' + ' and a '.join(NAMES[k] for k in names) for names in captions
    ]
    # Of two names there are 6 captions for 4 of one.
    posterior = shares(clip, inputs, texts) * torch.tensor([1.0] * 4 + [4 / 6] * 6)
    posterior /= posterior.sum(1, keepdim=True)
    named = torch.tensor([[k in names for k in range(4)] for names in captions])
    want = posterior @ named.float()
    torch.testing.assert_close(got.probability, want, atol=1e-5, rtol=0)
    torch.testing.assert_close(got.prior, 2 * want.log(), atol=1e-4, rtol=0)
    assert got.asked.all()


@pytest.mark.parametrize('size', [(40, 52), (1, 1), (2, 77)])
def test_corners_are_four_views_of_three_quarters(clip, size):
    inputs = torch.randn(2, 3, *size)
    got = judge(clip, inputs, max_names=1, views='corners')
    h, w = (max(1, round(0.75 * side)) for side in size)
    whole, *corners = (
        shares(clip, view, NAMES).log()
        for view in (
            inputs,
            inputs[..., :h, :w],
            inputs[..., :h, size[1] - w :],
            inputs[..., size[0] - h :, :w],
            inputs[..., size[0] - h :, size[1] - w :],
        )
    )
    want = (whole + torch.stack(corners).amax(0)) / 2
    torch.testing.assert_close(got.prior, want, atol=1e-4, rtol=0)


@pytest.mark.parametrize('views', ['whole', 'corners'])
def test_padding_is_not_seen(clip, views):
    """Left, right, top and bottom, another of each picture."""
    inputs = torch.randn(2, 3, 40, 52)
    paddings = [(3, 5, 0, 7), NO_PADDING]
    got = judge(clip, inputs, paddings=paddings, views=views)
    bare = judge(clip, inputs[:1, :, :33, 3:47], views=views)
    other = judge(clip, inputs[1:], views=views)
    want = torch.cat([bare.probability, other.probability])
    torch.testing.assert_close(got.probability, want, atol=1e-5, rtol=0)
    inputs[0, ..., :3] = inputs[0, ..., 47:] = inputs[0, :, 33:] = 100
    assert torch.equal(
        judge(clip, inputs, paddings=paddings, views=views).prior, got.prior
    )


def test_prompts_are_read_and_of_synonyms_the_first(clip):
    inputs = torch.randn(2, 3, 32, 32)
    other = judge(clip, inputs, ['blue disc', 'cross'])
    got = judge(
        clip,
        inputs,
        [['red circle', 'ring'], 'cross'],
        text=dict(prompts={'red circle': 'blue disc'}),
    )
    torch.testing.assert_close(got.probability, other.probability)
    plain = judge(clip, inputs, [['red circle', 'ring'], 'cross'])
    assert (plain.probability - other.probability).abs().max() > 1e-4


def test_braces_in_a_name_are_text(clip):
    encoder = OpenCLIPTextEncoder(clip, ['{}', '{0}'])
    asked = []
    encoder.encode_captions = lambda captions, device: (
        asked.extend(captions) or F.normalize(torch.randn(len(captions), 16), dim=1)
    )
    presence = CLIPPresence(max_names=2, caption='{}!')
    presence(clip.model.visual, encoder, torch.randn(1, 3, 32, 32), [NO_PADDING])
    assert asked == ['{}!', '{0}!', '{} and a {0}!']


def test_who_is_asked(clip):
    inputs = torch.randn(6, 3, 32, 32)
    p = judge(clip, inputs, max_names=1).probability
    middle = float(p.median())
    got = judge(clip, inputs, max_names=1, min_probability=middle).asked
    assert torch.equal(got, p >= middle) and 0 < got.sum() < got.numel()
    best = F.one_hot(p.argmax(1), 4).bool()
    few = judge(clip, inputs, max_names=1, min_probability=middle, max_asked=1).asked
    assert torch.equal(few, got & best)
    for asked, least in ((torch.zeros(6, 4).bool(), False), (best, True)):
        none = judge(clip, inputs, max_names=1, min_probability=1.0, least=least)
        assert torch.equal(none.asked, asked)
    for number in (4, 99):
        every = judge(clip, inputs, min_probability=0, max_asked=number)
        assert every.asked.all()


def test_what_is_hardly_likely_has_a_finite_prior(clip):
    inputs = torch.randn(2, 3, 32, 32)
    got = judge(clip, inputs, max_names=1, sharpness=100.0, weight=100.0, **ALL)
    assert got.prior.min() == -2000 and got.prior.max() <= 0
    assert got.asked.all()
    none = judge(clip, inputs, weight=0)
    assert not none.prior.any() and not none.probability.eq(1).any()


@pytest.mark.parametrize('max_names', [1, 3])
def test_a_name_that_is_alone_is_there(clip, max_names):
    got = judge(clip, torch.randn(2, 3, 32, 32), ['ring'], max_names=max_names)
    torch.testing.assert_close(got.probability, torch.ones(2, 1))
    assert got.asked.all() and not got.prior.any()


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_is_the_towers_alone(clip, dtype):
    inputs = torch.randn(4, 3, 40, 52)
    full = judge(clip, inputs)
    with torch.autocast('cpu', dtype):
        half = judge(clip, inputs)
    assert half.probability.dtype == half.prior.dtype == torch.float32
    torch.testing.assert_close(half.probability, full.probability, atol=0.02, rtol=0)


def variant(path, folder, vision=None, **top):
    """The tiny CLIP with other parts."""
    config = json.loads(Path(path).read_text())
    config['vision_cfg'].update(vision or {})
    config.update(top)
    merges = 'shapes-bpe.txt.gz'
    (folder / merges).write_bytes(Path(path).with_name(merges).read_bytes())
    path = folder / f'presence-{folder.parent.name}-{folder.name}.json'
    path.write_text(json.dumps(config))
    return load_clip(str(path))


@pytest.mark.parametrize(
    'vision, top',
    [
        (dict(pool_type='avg'), {}),
        (dict(attentional_pool=True, attn_pooler_heads=2), {}),
        (dict(output_tokens=True), {}),
        (dict(image_size=[24, 40]), {}),
        ({}, dict(custom_text=True)),
    ],
    ids=['average', 'attentional', 'with-tokens', 'oblong', 'custom-text'],
)
@pytest.mark.parametrize('max_names', [1, 2])
def test_other_towers(tiny_clip_json, tmp_path, vision, top, max_names):
    clip = variant(tiny_clip_json, tmp_path, vision, **top)
    inputs = torch.randn(2, 3, 40, 52)
    got = judge(clip, inputs, ['ring', 'cross'], max_names=max_names, views='whole')
    size = tuple(clip.model.visual.image_size)
    texts = ['ring', 'cross']
    if max_names > 1:
        texts = [f'a photo of a {word}' for word in (*texts, 'ring and a cross')]
    with torch.no_grad():
        pictures = clip.model.visual(resized(inputs, size))
        if isinstance(pictures, tuple):
            pictures = pictures[0]
        text = clip.model.encode_text(clip.tokenizer(texts))
    cosines = F.normalize(pictures, dim=-1) @ F.normalize(text, dim=-1).T
    weights = (clip.model.logit_scale.exp() * cosines).exp()  # (2, 2 or 3)
    if max_names > 1:
        weights[:, 2] *= 2  # there is one caption of two names, and two of one
    want = weights[:, :2] + weights[:, 2:].sum(1, keepdim=True)
    want = want / weights.sum(1, keepdim=True)
    torch.testing.assert_close(got.probability, want, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(max_names=0), 'max_names=0: write a whole number from 1'),
        (dict(max_names=True), 'max_names=True: write a whole number'),
        (dict(views='corner'), "views='corner': write 'whole' or 'corners'"),
        (dict(sharpness=0), 'sharpness=0: write a number above 0'),
        (dict(sharpness=math.inf), 'sharpness=inf: write a number above 0'),
        (dict(sharpness='0.5'), "sharpness='0.5': write a number above 0"),
        (dict(weight=math.nan), 'weight=nan: write a number from 0 to 100'),
        (dict(weight=-1), 'weight=-1: write a number from 0 to 100'),
        (dict(weight=1e9), 'weight=1000000000.0: write a number from 0 to 100'),
        (dict(min_probability=2), 'min_probability=2: write a number from 0 to 1'),
        (dict(max_asked=0), 'max_asked=0: write a whole number from 1 up or None'),
        (dict(beam=1.5), 'beam=1.5: write a whole number'),
        (dict(shortlist=-3), 'shortlist=-3: write a whole number'),
        (dict(caption='a photo'), r"caption='a photo': write a text with \{\}"),
        (dict(conjunction=None), 'conjunction=None: write a text'),
        (dict(calibration='b16'), "calibration='b16': write a dict or None"),
    ],
)
def test_arguments_that_do_not_do(arguments, message):
    with pytest.raises(ValueError, match=f'CLIPPresence: {message}'):
        CLIPPresence(**arguments)


def test_keep_classes_is_a_presence(clip):
    cfg = resolve_presence(dict(keep_classes=2), None)
    assert cfg.pop('type') == 'CLIPPresence'
    inputs = torch.randn(3, 3, 32, 32)
    got = judge(clip, inputs, **cfg)
    assert got.asked.sum(1).tolist() == [2, 2, 2] and not got.prior.any()
    assert torch.equal(
        got.asked.long().topk(2).indices.sort().values,
        shares(clip, inputs, NAMES).topk(2).indices.sort().values,
    )
    mine = dict(type='CLIPPresence')
    assert resolve_presence({}, mine) is mine and resolve_presence({}, None) is None
    for other in (mine, {}):
        with pytest.raises(ValueError, match='there is another: write max_asked=2'):
            resolve_presence(dict(keep_classes=2), other)


def test_numbers_of_another_clip_are_refused():
    presence = CLIPPresence(calibration=dict(clip='ViT-B-16@12', chosen_on='dev'))
    presence.check_clip('ViT-B-16@12')
    with pytest.raises(ValueError, match="'ViT-B-16@12', and this is 'ViT-L-14@34'"):
        presence.check_clip('ViT-L-14@34')
    CLIPPresence().check_clip('ViT-L-14@34')
    assert 'chosen on dev' in presence.describe()
    assert 'not calibrated' in CLIPPresence().describe()


def test_pictures_of_which_nothing_is_told_are_asked_for_all_names():
    own = [
        torch.tensor([0.9, 0.1]),
        torch.tensor([True, False]),
        torch.tensor([0, -2.0]),
    ]
    got = read_presence([dict(presence=None), dict(presence=own)])
    assert got.asked.tolist() == [[True, True], [True, False]]
    assert got.prior.tolist() == [[0, 0], [0, -2]]
    assert read_presence([dict(presence=None)]) is None


def test_a_text_encoder_without_captions_is_refused(clip):
    ok = OpenCLIPTextEncoder(clip, NAMES)
    CLIPPresence().check_text_encoder(ok)
    freed = OpenCLIPTextEncoder(clip, NAMES, free_tower=True)
    with pytest.raises(ValueError, match='free_tower=True drops it: set free_tower='):
        CLIPPresence().check_text_encoder(freed)
    CLIPPresence(max_names=1).check_text_encoder(freed)


@torch.no_grad()
def test_names_that_are_too_long_for_one_caption(clip):
    # 'a photo of a' and two of them have more than the 20 tokens that are read.
    long = [' '.join([name] * 7) for name in ('circle', 'cross')]
    encoder = OpenCLIPTextEncoder(clip, ['ring', *long])
    picture = torch.randn(1, 3, 32, 32)
    visual = clip.model.visual
    padding = [(0, 0, 0, 0)]
    got = CLIPPresence(views='whole')(visual, encoder, picture, padding)
    embedding = F.normalize(visual(picture), dim=-1)
    captions = [[0], [1], [2], [0, 1], [0, 2]]
    words = ['ring', *long]
    text = encoder.encode_captions(
        ['a photo of a ' + ' and a '.join(words[k] for k in c) for c in captions], 'cpu'
    )
    logits = encoder.logit_scale * (embedding @ text.T)[0]
    # Three captions of two names share what one of one name has.
    p = logits.softmax(0)
    wanted = [sum(q for q, c in zip(p, captions) if k in c) for k in range(3)]
    torch.testing.assert_close(got.probability[0], torch.stack(wanted))
    encoder.set_vocabulary(['ring', 'cross ' * 17])
    with pytest.raises(
        ValueError, match='has more tokens than this CLIP reads: shorten'
    ):
        CLIPPresence()(visual, encoder, picture, padding)
