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
from mmseg.utils import dataset_aliases
from safetensors.torch import save_file

import mmseg_clsclip.models.backbones.clsclip_vit
import mmseg_clsclip.models.segmentors.clsclip
import mmseg_clsclip.models.text_encoders.open_clip_text_encoder
from mmseg_clsclip.models.clip.loading import load_clip
from mmseg_clsclip.models.text_encoders.open_clip_text_encoder import (
    OpenCLIPTextEncoder,
)
from mmseg_clsclip.models.text_encoders.vocabulary import (
    PLAIN,
    TEMPLATES,
    read_embeddings,
    read_prompts,
    read_vocabulary,
)

ROOT = Path(__file__).parents[3]
NAMES = ['red circle', 'blue square', 'ring']
PROMPTS = ['a {}', 'photo of a {}']


@pytest.fixture(scope='module')
def clip(tiny_clip_json):
    return load_clip(tiny_clip_json)


@pytest.fixture
def forwards(clip, monkeypatch):
    """The number of texts in every forward of the text tower."""
    sizes = []
    encode_text = clip.model.encode_text

    def spy(tokens, normalize=False):
        sizes.append(len(tokens))
        return encode_text(tokens, normalize)

    monkeypatch.setattr(clip.model, 'encode_text', spy)
    return sizes


def build(clip, vocabulary=NAMES, **kwargs):
    return OpenCLIPTextEncoder(vocabulary, clip=clip, **kwargs)


def encode(clip, texts):
    """What open_clip itself makes of texts."""
    with torch.no_grad():
        return clip.model.encode_text(clip.tokenizer(texts))


# The tokens


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


def test_clips_templates_have_a_name():
    assert len(TEMPLATES['clip']) == 80
    assert TEMPLATES['clip'][0] == 'a bad photo of a {}.'


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


def test_plain_words_for_odd_names():
    assert PLAIN['wall-brick'] == 'brick wall'
    assert PLAIN['building-other'] == 'building'
    assert PLAIN['mirror-stuff'] == 'mirror'
    assert PLAIN['diningtable'] == 'dining table'
    known = {n for a in dataset_aliases for n, *_ in read_vocabulary(a)}
    # An odd name that no data set has would be a mistake of ours.
    assert set(PLAIN) <= known
    with pytest.raises(ValueError, match="prompts='clear': 'plain', or a"):
        read_prompts('clear')
    with pytest.raises(ValueError, match="prompt of 'ring' is ' '"):
        read_prompts({'ring': ' '})


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


# The cache and the tower


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


def test_another_vocabulary_at_run_time(clip):
    encoder = build(clip)
    encoder()
    encoder.set_vocabulary([('cross', 'ring'), 'circle'])
    assert encoder.names == ('cross', 'circle')
    torch.testing.assert_close(encoder(), build(clip, [('cross', 'ring'), 'circle'])())


def test_a_refused_vocabulary_changes_nothing(clip, tmp_path):
    np.save(tmp_path / 'a.npy', np.ones((3, 16), np.float32))
    encoder = build(clip, dict(embeddings=tmp_path / 'a.npy', names=NAMES))
    for bad in (['ring', 'ring'], ['a ' * 40]):
        with pytest.raises(ValueError):
            encoder.set_vocabulary(bad)
        assert encoder.names == tuple(NAMES)
        assert torch.equal(encoder(['ring']), torch.ones(1, 16))


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
        ('templates', ['a ' * 20 + '{}'], 'this CLIP reads 20'),
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


def test_normalising_embeddings_can_be_taken_back(clip, tmp_path):
    path = write_embeddings(tmp_path / 'a.npy')
    encoder = build(clip, dict(embeddings=path, names=NAMES))
    for normalize in (True, False):
        encoder.normalize = normalize
        wanted = torch.from_numpy(MATRIX)
        wanted = F.normalize(wanted, dim=1) if normalize else wanted
        torch.testing.assert_close(encoder(), wanted)
        torch.testing.assert_close(encoder(['ring']), wanted[2:])


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
    for module in (
        models.backbones.clsclip_vit,
        models.segmentors.clip_segmentor,
        models.text_encoders.open_clip_text_encoder,
    ):
        monkeypatch.setattr(module, 'load_clip', spy)
    config = Config.fromfile(ROOT / 'configs/shapes/clsclip_shapes-5i_fold0.py')
    model = MODELS.build(config.model)
    assert len(calls) == 1
    visual = model.text_encoder.clip.module.visual
    assert visual is model.backbone.visual.module


# Vocabularies


def test_names_of_data_sets():
    voc = read_vocabulary('voc')
    assert len(voc) == 20
    assert voc[0] == ('aeroplane',) and voc[-1] == ('tvmonitor',)
    shapes = read_vocabulary('shapes_5i')
    assert len(shapes) == 20 and shapes[0] == ('red circle',)


@pytest.mark.parametrize('name', sorted(dataset_aliases))
def test_every_data_set_of_mmseg_does(name):
    assert ('background',) not in read_vocabulary(name)


@pytest.mark.parametrize(
    'vocabulary, match',
    [
        ([], 'vocabulary is empty'),
        (None, 'must be a list, not a NoneType'),
        (dict(cat=['kitten']), 'must be a list, not a dict'),
        (['ring', ' '], "Class 1 of the vocabulary has the name ' '"),
        (['ring', 5], 'Class 1 of the vocabulary has the name 5'),
        (['ring', ()], 'Class 1 of the vocabulary has no name'),
        (['ring', 'cross', 'Ring'], "'Ring' stands twice .* classes 0 and 2"),
        (['ring', ('cross', 'ring')], "'ring' stands twice .* classes 0 and 1"),
        ('vox', r"no data set that mmseg knows. Nearest: \['voc'.*\['vox'\]"),
    ],
)
def test_bad_vocabularies(vocabulary, match):
    with pytest.raises(ValueError, match=match):
        read_vocabulary(vocabulary)


@pytest.mark.parametrize(
    'other',
    [
        'red  ring',
        'red\xa0ring',
        'RED ring',
        'red\nring',
        '\u2003red ring',
        'red&nbsp;ring',
        'red&#32;ring',
        'red\x07 ring',
        'red ring\ufeff',
        '\uff52\uff45\uff44 ring',
        '&#114;ed ring',
    ],
)
def test_names_that_are_read_alike_are_one_class(clip, other):
    for names in (['red ring', other], [other, 'x', ['ring', 'red ring']]):
        with pytest.raises(ValueError, match='could not tell them apart'):
            build(clip, names, templates=PROMPTS)


def test_names_are_compared_as_they_are_read(clip, tmp_path):
    with pytest.raises(
        ValueError,
        match=r"names 'caf\\xe9' and 'caf&eacute;' "
        'of classes 0 and 2 are one .* another name or prompt',
    ):
        build(clip, ['café', 'ring', 'caf&eacute;'])
    # NFC and NFD; CLIP's own reading is not asked.
    with pytest.raises(ValueError, match=r"'cafe\\u0301' stands twice"):
        read_vocabulary(['café', 'cafe\u0301'])
    with pytest.raises(ValueError, match="names 'tv' and 'telly' of"):
        build(clip, ['tv', 'telly'], prompts={'telly': 'TV'})
    build(clip, ['tv', 'a&b'], prompts={'tv': 'a&b', 'a&b': 'tv'})
    # Two names of one class do no harm, and embeddings are read by nobody.
    assert build(clip, [['a&b', 'a&amp;b'], 'ring'])().shape == (2, 16)
    path = write_embeddings(tmp_path / 'a.npy', MATRIX[:2])
    build(clip, dict(embeddings=path, names=['a&b', 'a&amp;b']))


@pytest.mark.parametrize(
    'name',
    [
        '\u200b',
        '\u200d\ufeff',
        '\u0301',
        '\x07\x1b',
        '\xad',
        '\u3164',
        '\u2800',
        '\u2028',
        '\ud800',
        '&nbsp;',
        '&#8203;',
        '&#x300;',
    ],
)
def test_a_name_without_anything_to_see_is_refused(clip, name):
    for what in (
        dict(vocabulary=['ring', name]),
        dict(vocabulary=[['ring', name]]),
        dict(prompts={'ring': name}),
    ):
        with pytest.raises(ValueError, match='something to see|Nothing is'):
            build(clip, **what)
    with pytest.raises(ValueError, match='Nothing is left of the name'):
        build(clip)([name])


def test_a_tokenizer_may_read_no_punctuation(clip):
    tokenizer = open_clip.tokenizer.SimpleTokenizer(
        context_length=20, clean='canonicalize'
    )
    other = clip._replace(tokenizer=tokenizer)
    with pytest.raises(ValueError, match=r"left of the name '\?!'"):
        build(other, ['ring', '?!'])
    with pytest.raises(ValueError, match="'wall-brick' and 'wallbrick'"):
        build(other, ['wall-brick', 'wallbrick'])
    # One that is a function alone is asked, too.
    other = clip._replace(tokenizer=lambda texts: tokenizer(texts))
    with pytest.raises(ValueError, match="'wall-brick' and 'wallbrick'"):
        build(other, ['wall-brick', 'wallbrick'])
    with pytest.raises(ValueError, match=r"left of the name '\?!'"):
        build(other, ['ring', '?!'])


@pytest.mark.parametrize('name', ['日本', '🐱', 'ß', '\U0001fae8', '!!!', '1'])
def test_names_of_any_script(clip, name):
    assert build(clip, [name, 'ring'])().shape == (2, 16)


@pytest.mark.parametrize('prompts', [None, 'plain'])
def test_no_data_set_has_names_that_are_read_alike(clip, prompts):
    other = clip._replace(tokenizer=open_clip.get_tokenizer('ViT-B-16'))
    encoder = build(other, prompts=prompts)
    for name in dataset_aliases:
        encoder.set_vocabulary(name)


@pytest.mark.parametrize(
    'kwargs, match',
    [
        (dict(templates=None), 'write one of .*or a list of texts'),
        (dict(templates=[5]), r'\[5\] have no {}'),
        (dict(prompts=['x']), "'plain', or a dict"),
        (dict(prompts={'ring': 5}), "prompt of 'ring' is 5"),
        (dict(normalize='no'), "normalize='no': write True or False"),
        (dict(free_tower='no'), "free_tower='no': write True or False"),
        (dict(batch_size=0), 'batch_size=0: write a number of texts'),
        (dict(batch_size='8'), "batch_size='8': write a number of texts"),
    ],
)
def test_bad_arguments(clip, kwargs, match):
    with pytest.raises(ValueError, match=match):
        build(clip, **kwargs)


@pytest.mark.parametrize('names', ['ring', [], [5]])
def test_bad_questions(clip, names):
    with pytest.raises(ValueError, match='give a list of names|is no text'):
        build(clip)(names)


def test_a_name_must_fit_into_the_context(clip):
    # 18 tokens, start and end are 20.
    build(clip, ['a ' * 18])
    with pytest.raises(ValueError, match='21 tokens .* this CLIP reads 20'):
        build(clip, ['a ' * 19])
    with pytest.raises(ValueError, match='21 tokens .* this CLIP reads 20'):
        build(clip, ['a ' * 18], templates=['a {}'])
    with pytest.raises(ValueError, match='21 tokens .* this CLIP reads 20'):
        build(clip, [('ring', 'a ' * 19)])
    with pytest.raises(ValueError, match='21 tokens .* this CLIP reads 20'):
        build(clip)(['a ' * 19])
    tokenizer = open_clip.get_tokenizer('ViT-B-16')
    with pytest.raises(ValueError, match='102 tokens .* this CLIP reads 77'):
        build(clip._replace(tokenizer=tokenizer), ['cat ' * 100])


@pytest.mark.parametrize(
    'templates, match',
    [
        (['a {}', 'a photo'], r"\['a photo'\] have no {} for the name"),
        ([], 'have no {} for the name'),
        ('clips', r"known by name are \['name', 'clip'\]; otherwise give a list"),
    ],
)
def test_bad_templates(clip, templates, match):
    with pytest.raises(ValueError, match=match):
        build(clip, templates=templates)


# Embeddings from files

MATRIX = np.linspace(-1, 1, 48, dtype=np.float32).reshape(3, 16)


def write_embeddings(path, matrix=MATRIX):
    tensor = torch.from_numpy(matrix)
    if path.suffix == '.npy':
        np.save(path, matrix)
    elif path.suffix == '.safetensors':
        save_file(dict(text=tensor), path)
    else:
        torch.save(tensor, path)
    return str(path)


@pytest.mark.parametrize('file', ['a.npy', 'a.pt', 'a.pth', 'a.safetensors'])
def test_embeddings_are_taken_as_they_are(clip, forwards, tmp_path, file):
    path = write_embeddings(tmp_path / file)
    encoder = build(clip, dict(embeddings=path, names=NAMES))
    assert encoder.names == tuple(NAMES)
    assert torch.equal(encoder(), torch.from_numpy(MATRIX))
    assert torch.equal(encoder(['ring']), torch.from_numpy(MATRIX[2:]))
    assert forwards == []


def test_embeddings_in_half_precision_become_float32(tmp_path):
    path = write_embeddings(tmp_path / 'a.npy', MATRIX.astype(np.float16))
    assert read_embeddings(path).dtype == torch.float32


def test_embeddings_may_be_normalised(clip, tmp_path):
    path = write_embeddings(tmp_path / 'a.npy')
    encoder = build(clip, dict(embeddings=path, names=NAMES), normalize=True)
    torch.testing.assert_close(encoder().norm(dim=-1), torch.ones(3))


@pytest.mark.parametrize(
    'file, text',
    [
        ('names.txt', 'red circle\nblue square\nring\n'),
        ('names.txt', 'red circle\nblue square\nring'),
        ('names.txt', '\ufeffred circle \nblue square\nring'),
        ('names.txt', 'red circle\r\nblue square\r\nring\r\n\r\n'),
        ('names.json', json.dumps(NAMES)),
        ('names.json', json.dumps(['red circle', 'blue square', ['ring', 'circle']])),
    ],
)
def test_names_from_a_file(clip, tmp_path, file, text):
    embeddings = write_embeddings(tmp_path / 'a.npy')
    (tmp_path / file).write_bytes(text.encode())
    encoder = build(clip, dict(embeddings=embeddings, names=str(tmp_path / file)))
    assert encoder.names == tuple(NAMES)


def test_names_of_a_data_set_for_embeddings(clip, tmp_path):
    matrix = np.ones((20, 16), np.float32)
    path = write_embeddings(tmp_path / 'a.npy', matrix)
    assert len(build(clip, dict(embeddings=path, names='voc')).names) == 20


def refuses(match, clip, path, names=NAMES, error=ValueError):
    with pytest.raises(error, match=match):
        build(clip, dict(embeddings=str(path), names=names))


def test_embeddings_that_do_not_fit(clip, tmp_path):
    path = write_embeddings(tmp_path / 'a.npy')
    refuses(
        r'are \(3, 16\); 2 names and .* width 16 need \(2, 16\)', clip, path, NAMES[:2]
    )
    path = write_embeddings(tmp_path / 'b.npy', MATRIX[:, :12].copy())
    refuses(r'are \(3, 12\); 3 names and .* need \(3, 16\)', clip, path)
    path = write_embeddings(tmp_path / 'c.npy', MATRIX[0])
    refuses(r'one matrix \(K, D\); it holds shape \(16,\)', clip, path)
    torch.save(dict(a=torch.ones(1), b=torch.ones(1)), tmp_path / 'd.pt')
    refuses(r"it holds a dict of \['a', 'b'\]", clip, tmp_path / 'd.pt')


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize('file', ['a.npy', 'a.pt', 'a.safetensors'])
def test_embeddings_that_are_no_numbers(clip, tmp_path, file, value):
    matrix = MATRIX.astype(np.float64)
    matrix[1, 3] = value
    path = write_embeddings(tmp_path / file, matrix)
    refuses(rf"{file}.*row 1 \('blue square'\) .*NaN.*; 1 of 3 rows", clip, path)
    with pytest.raises(ValueError, match='row 1 has'):
        read_embeddings(path)


@pytest.mark.parametrize('dtype', ['int64', 'uint8', 'bool', 'complex64'])
def test_embeddings_of_other_kinds_of_numbers(clip, tmp_path, dtype):
    path = write_embeddings(tmp_path / 'a.npy', MATRIX.astype(dtype))
    refuses(f'a.npy holds torch.{dtype}; text embeddings are floating', clip, path)


def test_embeddings_of_odd_layouts_and_kinds(clip, tmp_path):
    matrix = torch.from_numpy(MATRIX)
    for wrong in (matrix.to_sparse(), matrix.to('meta')):
        torch.save(wrong, tmp_path / 'a.pt')
        refuses('it holds a Tensor that is none', clip, tmp_path / 'a.pt')
    torch.save(torch.nn.Parameter(matrix), tmp_path / 'a.pt')
    assert not read_embeddings(tmp_path / 'a.pt').requires_grad
    with pytest.raises(ValueError, match='path of a file, not a Tensor'):
        build(clip, dict(embeddings=matrix, names=NAMES))


def test_embeddings_that_cannot_be_normalised(clip, tmp_path):
    for scale in (1e-30, 1e30):
        path = write_embeddings(tmp_path / 'a.npy', MATRIX * np.float32(scale))
        vocabulary = dict(embeddings=path, names=NAMES)
        torch.testing.assert_close(
            build(clip, vocabulary, normalize=True)().norm(dim=1), torch.ones(3)
        )
    path = write_embeddings(tmp_path / 'a.npy', MATRIX * np.float32([[1], [1], [0]]))
    encoder = build(clip, dict(embeddings=path, names=NAMES))
    assert not encoder(['ring']).any()
    with pytest.raises(ValueError, match=r"Row 2 \('ring'\).* all zeros"):
        encoder.normalize = True


@pytest.mark.parametrize('suffix', ['.npy', '.pt', '.safetensors'])
def test_embeddings_that_cannot_be_read(clip, tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    path.write_text('not embeddings')
    refuses('could not be read as text embeddings', clip, path)


class Evil:
    """Runs code if it is unpickled without care."""

    def __reduce__(self):
        return pytest.fail, ('Code in a pickle ran.',)


def test_code_in_embeddings_is_refused(clip, tmp_path):
    torch.save(Evil(), tmp_path / 'a.pt')
    refuses('could not be read', clip, tmp_path / 'a.pt')
    np.save(tmp_path / 'a.npy', np.array([Evil()]), allow_pickle=True)
    refuses('could not be read', clip, tmp_path / 'a.npy')


def test_embeddings_that_are_not_there(clip, tmp_path):
    refuses(
        'nowhere.npy do not exist',
        clip,
        tmp_path / 'nowhere.npy',
        error=FileNotFoundError,
    )
    (tmp_path / 'a.csv').touch()
    refuses('are read from .npy, .pt or', clip, tmp_path / 'a.csv')
    path = write_embeddings(tmp_path / 'a.npy')
    refuses(
        'nowhere.txt, do not exist',
        clip,
        path,
        str(tmp_path / 'nowhere.txt'),
        FileNotFoundError,
    )
    (tmp_path / 'latin.txt').write_bytes('café'.encode('latin-1'))
    refuses('latin.txt is no text in UTF-8', clip, path, str(tmp_path / 'latin.txt'))
    (tmp_path / 'broken.json').write_text('["ring",')
    refuses('broken.json is not JSON', clip, path, str(tmp_path / 'broken.json'))
    with pytest.raises(ValueError, match=r"it has \['embeddings'\]"):
        build(clip, dict(embeddings=path))
