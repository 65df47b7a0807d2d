"""From names to text tokens: against open_clip's own, files, bad input."""

import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmseg.registry import MODELS

import mmseg_clsclip.models.backbones.clsclip_vit
import mmseg_clsclip.models.segmentors.clsclip
import mmseg_clsclip.models.text_encoders.open_clip_text_encoder
from mmseg_clsclip.models.clip.loading import load_clip
from mmseg_clsclip.models.text_encoders.open_clip_text_encoder import (
    OpenCLIPTextEncoder,
)

ROOT = Path(__file__).parents[3]
NAMES = ['red circle', 'blue square', 'ring']
PROMPTS = ['a {}', 'photo of a {}']


def build(clip, vocabulary=NAMES, **kwargs):
    return OpenCLIPTextEncoder(clip, vocabulary, **kwargs)


def encode(clip, texts):
    """What open_clip itself makes of texts."""
    with torch.no_grad():
        return clip.model.encode_text(clip.tokenizer(texts))


def test_raw_names_are_open_clips_own(clip):
    tokens = build(clip)()
    assert tokens.dtype == torch.float32 and not tokens.requires_grad
    torch.testing.assert_close(tokens, encode(clip, NAMES))


def test_of_templates_the_mean_is_taken(clip):
    expected = sum(
        encode(clip, [prompt.format(name) for name in NAMES]) for prompt in PROMPTS
    ) / len(PROMPTS)
    torch.testing.assert_close(build(clip, templates=PROMPTS)(), expected)


@pytest.mark.parametrize('prompts', [['{}'], PROMPTS])
def test_normalised_it_is_open_clips_classifier(clip, prompts):
    tokens = build(clip, templates=prompts, normalize=True)()
    expected = open_clip.build_zero_shot_classifier(
        clip.model, clip.tokenizer, NAMES, prompts
    ).T
    torch.testing.assert_close(tokens, expected)


@pytest.mark.parametrize('normalize', [False, True])
def test_of_synonyms_the_mean_is_taken(clip, normalize):
    encoder = build(clip, [('ring', 'circle'), 'cross'], normalize=normalize)
    assert encoder.names == ('ring', 'cross')
    words = encode(clip, ['ring', 'circle', 'cross'])
    if normalize:
        words = F.normalize(words, dim=-1)
    expected = torch.stack([words[:2].mean(0), words[2]])
    if normalize:
        expected = F.normalize(expected, dim=-1)
    torch.testing.assert_close(encoder(), expected)
    # A class asked for by any of its names brings its synonyms along.
    for name in ('ring', 'circle'):
        torch.testing.assert_close(encoder([name])[0], expected[0])


def test_prompts_are_read_in_place_of_names(clip):
    encoder = build(
        clip, ['ring', ['tvmonitor', 'cross']], prompts='plain', templates=['a {}']
    )
    assert encoder.names == ('ring', 'tvmonitor')
    expected = encode(clip, ['a ring', 'a tv monitor', 'a cross'])
    expected = torch.stack([expected[0], expected[1:].mean(0)])
    assert torch.allclose(encoder(), expected, atol=1e-6)
    own = build(clip, prompts={'ring': 'blue ring'})
    assert torch.allclose(own(['ring']), encode(clip, ['blue ring']), atol=1e-6)


def test_braces_in_a_name_are_text(clip):
    tokens = build(clip, ['{ring}', '{}'], templates=['a {}'])()
    torch.testing.assert_close(tokens, encode(clip, ['a {ring}', 'a {}']))


def test_the_size_of_a_batch_changes_nothing(clip, forwards):
    one = build(clip, templates=PROMPTS, batch_size=1)()
    assert forwards == [1] * 6
    del forwards[:]
    four = build(clip, templates=PROMPTS, batch_size=4)()
    assert forwards == [4, 2]
    many = build(clip, templates=PROMPTS, batch_size=256)()
    torch.testing.assert_close(one, many, atol=1e-5, rtol=0)
    torch.testing.assert_close(four, many, atol=1e-5, rtol=0)


def test_autocast_does_not_reach_what_is_kept(clip):
    with torch.autocast('cpu', torch.bfloat16):
        tokens = build(clip)()
    assert torch.equal(tokens, build(clip)())


def test_every_name_is_encoded_once(clip, forwards):
    encoder = build(clip)
    assert forwards == []
    assert torch.equal(encoder(), encoder())
    encoder(['ring', 'red circle'])
    assert forwards == [3]
    # Others may be asked for, doubled or not.
    asked = ['cross', 'ring', 'cross']
    tokens = encoder(asked)
    assert forwards == [3, 1] and torch.equal(tokens[0], tokens[2])
    torch.testing.assert_close(tokens, encode(clip, asked))


def test_names_that_were_read_elsewhere_are_brought_along(clip):
    encoder = build(clip)
    encoder()
    moved = encoder.names[0]
    encoder._matrix, elsewhere = None, encoder._cache[moved].to('meta')
    encoder._cache[moved] = elsewhere
    assert encoder(device=torch.device('meta')).is_meta


def test_a_freed_tower_knows_its_vocabulary_only(clip):
    encoder = build(clip, free_tower=True)
    tokens = encoder()
    assert encoder.clip is None and not list(encoder.parameters())
    assert torch.equal(encoder(), tokens)
    assert torch.equal(encoder(['ring']), tokens[2:])
    with pytest.raises(
        ValueError, match="freed before 'cross' was .* free_tower=False"
    ):
        encoder(['cross'])
    with pytest.raises(ValueError, match='no other names .* Set free_tower=False'):
        encoder.set_vocabulary(['cross'])
    assert torch.equal(encoder(), tokens)  # the old one stays


def test_what_inference_mode_read_serves_a_training(clip):
    encoder = build(clip)
    with torch.inference_mode():
        read = encoder()
    weight = torch.ones(read.shape[1], requires_grad=True)
    (encoder() * weight).sum().backward()
    torch.testing.assert_close(weight.grad, read.sum(0))


def test_another_vocabulary_at_run_time(clip):
    encoder = build(clip)
    encoder()
    encoder.set_vocabulary([('cross', 'ring'), 'circle'])
    assert encoder.names == ('cross', 'circle')
    torch.testing.assert_close(encoder(), build(clip, [('cross', 'ring'), 'circle'])())


def test_a_refused_vocabulary_changes_nothing(clip, tmp_path):
    matrix = np.eye(3, 16, dtype=np.float32)
    np.save(tmp_path / 'a.npy', matrix)
    encoder = build(clip, dict(embeddings=tmp_path / 'a.npy', names=NAMES))
    for bad in (['ring', 'ring'], ['a ' * 40]):
        with pytest.raises(ValueError):
            encoder.set_vocabulary(bad)
        assert encoder.names == tuple(NAMES)
        assert torch.equal(encoder(NAMES), torch.from_numpy(matrix))


@pytest.mark.parametrize(
    'key, value',
    [
        ('templates', PROMPTS),
        ('templates', ['a {}']),
        ('normalize', True),
        ('prompts', {'ring': 'blue cross'}),
    ],
)
def test_what_is_set_later_takes_effect(clip, key, value):
    encoder = build(clip)
    before = encoder(), encoder(['ring']), encoder(['green ring'])
    setattr(encoder, key, value)
    wanted = build(clip, **{key: value})
    for old, names in zip(before, (None, ['ring'], ['green ring'])):
        assert torch.equal(encoder(names), wanted(names))
        # Only the prompt of one name has changed.
        assert torch.equal(encoder(names), old) == (
            key == 'prompts' and names == ['green ring']
        )


def test_what_does_not_do_cannot_be_set_later(clip):
    encoder = build(clip, templates=PROMPTS)
    tokens = encoder()
    for key, value, match in [
        ('templates', ['x'], 'have no {}'),
        ('templates', ['a ' * 20 + '{}'], 'this model reads 20'),
        ('prompts', {'ring': 'red circle'}, 'one and the same'),
        ('normalize', 'no', 'True or False'),
    ]:
        with pytest.raises(ValueError, match=match):
            setattr(encoder, key, value)
        assert torch.equal(encoder(), tokens)
    with pytest.raises(TypeError):
        encoder.prompts['ring'] = 'cross'
    freed = build(clip, free_tower=True)
    freed()
    with pytest.raises(ValueError, match='another templates. Set free_tower'):
        freed.templates = 'clip'
    freed.templates = ['{}']  # as it is
    assert torch.equal(freed(), build(clip)())


def test_other_weights_take_effect(tiny_clip_json, forwards):
    encoder = build(load_clip(tiny_clip_json))
    tower = encoder.clip.module
    first = encoder()
    tower.load_state_dict(
        {
            key: value + 1 if key == 'text_projection' else value
            for key, value in tower.state_dict().items()
        }
    )
    second = encoder()
    with torch.no_grad():
        tower.transformer.resblocks[0].mlp.c_fc.bias.add_(1)
    third = encoder()
    tower.load_state_dict(
        {
            key: value * 2 if key == 'text_projection' else value
            for key, value in tower.state_dict().items()
        },
        assign=True,
    )
    assert not any(
        torch.equal(*pair)
        for pair in [(first, second), (second, third), (third, encoder())]
    )
    with torch.no_grad():
        tower.text_projection[0, 0] = float('nan')
    with pytest.raises(
        ValueError,
        match=r"text tower.*row 0 \('red circle'\)"
        '.*3 of 3 rows',
    ):
        encoder()


@pytest.mark.parametrize('normalize', [False, True])
def test_coca_normalises_when_it_is_told(tmp_path, tiny_clip_json, normalize):
    config = json.loads(Path(tiny_clip_json).read_text())
    text = config['text_cfg']
    merges = Path(tiny_clip_json).with_name('shapes-bpe.txt.gz')
    text.update(
        embed_cls=True, output_tokens=True, tokenizer_kwargs=dict(bpe_path=str(merges))
    )
    config.update(
        custom_text=True,
        multimodal_cfg=dict(
            context_length=20, vocab_size=560, width=16, heads=2, layers=1
        ),
    )
    path = tmp_path / 'tiny-coca.json'
    path.write_text(json.dumps(config))
    coca = load_clip(str(path))
    assert type(coca.model).__name__ == 'CoCa'
    with torch.no_grad():
        wanted = coca.model.encode_text(coca.tokenizer(NAMES), normalize)
    found = build(coca, normalize=normalize)()
    torch.testing.assert_close(found, wanted)
    unit = (found.norm(dim=1) - 1).abs().max() < 1e-5
    assert unit == normalize


def test_nothing_of_it_is_in_a_checkpoint(clip):
    assert not build(clip).state_dict()


def test_a_segmentor_loads_one_clip_for_both_towers(monkeypatch):
    calls = []

    def spy(*args, **kwargs):
        calls.append(kwargs)
        return load_clip(*args, **kwargs)

    models = mmseg_clsclip.models
    for module in (models.backbones.clip_vit, models.segmentors.clip_segmentor):
        monkeypatch.setattr(module, 'load_clip', spy)
    config = Config.fromfile(ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py')
    model = MODELS.build(config.model)
    assert len(calls) == 1
    visual = model.text_encoder.clip.module.visual
    assert visual is model.backbone.visual.module


@pytest.mark.parametrize(
    'kwargs, match',
    [
        (dict(templates=None), 'templates=None: write a text or a list'),
        (dict(templates=[5]), r'templates=\[5\]: write a text or a list'),
        (dict(prompts=['x']), r"prompts=\['x'\]: write a text or a dict"),
        (dict(prompts={'ring': 5}), "prompts={'ring': 5}: write a text or a dict"),
        (dict(normalize='no'), "normalize='no': write True or False"),
        (dict(free_tower='no'), "free_tower='no': write True or False"),
        (dict(batch_size=0), 'batch_size=0: write a whole number from 1'),
        (dict(batch_size='8'), "batch_size='8': write a whole number from 1"),
    ],
)
def test_bad_arguments(clip, kwargs, match):
    with pytest.raises(ValueError, match=match):
        build(clip, **kwargs)


@pytest.mark.parametrize('names', ['ring', [], [5]])
def test_bad_questions(clip, names):
    with pytest.raises(ValueError, match='give a list of names|is no text'):
        build(clip)(names)
