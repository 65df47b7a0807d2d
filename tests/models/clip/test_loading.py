"""Loading a CLIP: layouts of files, activations, bad input, random weights."""

import copy
import gzip
import json
import logging
import pickle
import shutil
from pathlib import Path

import open_clip
import pytest
import torch
from mmengine.logging import MMLogger
from safetensors.torch import save_file

from mmseg_clsclip.models.backbones.clsclip_vit import ClsCLIPVisionTransformer
from mmseg_clsclip.models.clip import pretrained
from mmseg_clsclip.models.clip.loading import ASSETS, load_clip

pytestmark = [
    pytest.mark.filterwarnings('ignore::torch.jit.TracerWarning'),
    pytest.mark.filterwarnings('ignore:.torch.jit:DeprecationWarning'),
    pytest.mark.filterwarnings('ignore:Detected pickle protocol:UserWarning'),
]


@pytest.fixture
def logged():
    """Records of mmengine's current logger, which caplog does not see."""
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


def warnings_of(records):
    return [r.getMessage() for r in records if r.levelno == logging.WARNING]


@pytest.fixture(scope='module')
def variant(tiny_clip_json, tmp_path_factory):
    """Writes the tiny CLIP's config with changes, under another name."""
    folder = tmp_path_factory.mktemp('variants')
    shutil.copy(ASSETS / 'shapes-bpe.txt.gz', folder)

    def write(name, text_cfg=None, **changes):
        config = json.loads(Path(tiny_clip_json).read_text())
        config['text_cfg'].update(text_cfg or {})
        (folder / f'{name}.json').write_text(json.dumps({**config, **changes}))
        return str(folder / f'{name}.json')

    return write


@pytest.fixture(scope='module')
def quick(variant):
    """Weights with QuickGELU, other ones than load_clip draws itself."""
    path = variant('tiny-clip-quickgelu', quick_gelu=True)
    return redraw(load_clip(path)), path


@pytest.fixture(scope='module')
def plain(tiny_clip_json):
    return redraw(load_clip(tiny_clip_json)), tiny_clip_json


def redraw(clip):
    """Change the weights, to values that float16 holds exactly."""
    with torch.no_grad():
        for parameter in clip.model.parameters():
            parameter.mul_(0.9).add_(0.01)
            parameter.copy_(parameter.half())
    return clip.model


def save_jit(model, path):
    """OpenAI's layout: traced, float16, sizes among the weights."""
    model = copy.deepcopy(model)
    size, length = model.visual.image_size[0], model.context_length
    for key, value in [
        ('input_resolution', size),
        ('context_length', length),
        ('vocab_size', model.vocab_size),
    ]:
        vars(model).pop(key, None)
        model.register_buffer(key, torch.tensor(value))
    inputs = (torch.zeros(1, 3, size, size), torch.zeros(1, length).long())
    torch.jit.trace(model, inputs, check_trace=False).half().save(str(path))


def save_pt(model, path):
    torch.save(model.state_dict(), path)


def save_safetensors(model, path, **metadata):
    save_file(model.state_dict(), path, metadata or None)


def features(backbone):
    inputs = torch.linspace(-2, 2, 3 * 64 * 64).view(1, 3, 64, 64)
    with torch.no_grad():
        return backbone.eval()(inputs)[0]


# Layouts


def test_three_layouts_of_vit_b16_are_one_model(tmp_path, logged):
    name = 'ViT-B-16-quickgelu'
    model = redraw(load_clip(name))
    names = []
    for save, file in [
        (save_jit, 'jit.pt'),
        (save_pt, 'state.pt'),
        (save_safetensors, 'weights.safetensors'),
    ]:
        save(model, tmp_path / file)
        del logged[:]
        backbone = ClsCLIPVisionTransformer(
            architecture=name, pretrained=str(tmp_path / file)
        )
        names.append(backbone.clip_name)
        if save is save_jit:  # exactly float16's values, read as float32
            expected = features(backbone)
            ours = model.visual.state_dict()
            for key, value in backbone.visual.module.state_dict().items():
                assert torch.equal(value, ours[key])
        torch.testing.assert_close(features(backbone), expected, atol=1e-6, rtol=0)
        # Only the archive says its activation; the others do not pass quietly.
        assert len(warnings_of(logged)) == (save is not save_jit)
        (tmp_path / file).unlink()
    assert len(set(names)) == 1


@pytest.mark.parametrize(
    'save, file',
    [(save_jit, 'a.pt'), (save_pt, 'a.bin'), (save_safetensors, 'a.safetensors')],
)
def test_both_towers_are_loaded(quick, tmp_path, save, file):
    model, architecture = quick
    save(model, tmp_path / file)
    clip = load_clip(architecture, str(tmp_path / file))
    assert not clip.random and not clip.model.training
    expected = model.state_dict()
    for key, value in clip.model.state_dict().items():
        assert value.dtype == torch.float32 and not value.requires_grad
        assert torch.equal(value, expected[key])


def test_checkpoints_of_open_clips_training(plain, tmp_path):
    model, architecture = plain
    state = {f'module.{k}': v for k, v in model.state_dict().items()}
    # Its versions differ in whether this is a number or a vector of one.
    state['module.logit_scale'] = state['module.logit_scale'][None]
    torch.save(dict(epoch=3, state_dict=state), tmp_path / 'epoch_3.pt')
    clip = load_clip(architecture, str(tmp_path / 'epoch_3.pt'))
    assert torch.equal(clip.model.visual.proj, model.visual.proj)
    assert torch.equal(clip.model.logit_scale, model.logit_scale)


def test_a_text_tower_of_its_own_takes_the_old_names(variant, plain, tmp_path):
    save_pt(plain[0], tmp_path / 'a.pt')
    clip = load_clip(
        variant('tiny-custom-text', custom_text=True), str(tmp_path / 'a.pt')
    )
    tokens = clip.tokenizer(['red circle', 'a cross'])
    torch.testing.assert_close(
        clip.model.encode_text(tokens), plain[0].encode_text(tokens)
    )


# Activations


def test_a_quickgelu_archive_is_refused_by_a_gelu_model(quick, tmp_path):
    save_jit(quick[0], tmp_path / 'a.pt')
    with pytest.raises(ValueError, match="Write architecture='ViT-B-16-quickgelu'"):
        load_clip('ViT-B-16', str(tmp_path / 'a.pt'))


def test_a_gelu_archive_is_refused_by_a_quickgelu_model(plain, tmp_path):
    save_jit(plain[0], tmp_path / 'a.pt')
    load_clip(plain[1], str(tmp_path / 'a.pt'))
    with pytest.raises(ValueError, match="Write architecture='ViT-B-16'"):
        load_clip('ViT-B-16-quickgelu', str(tmp_path / 'a.pt'))


def test_the_header_of_safetensors_is_asked(quick, tmp_path):
    save_safetensors(quick[0], tmp_path / 'a.safetensors', quick_gelu='true')
    load_clip(quick[1], str(tmp_path / 'a.safetensors'))
    with pytest.raises(ValueError, match="Write architecture='ViT-B-16-quickgelu'"):
        load_clip('ViT-B-16', str(tmp_path / 'a.safetensors'))


def test_the_config_beside_the_weights_is_asked(quick, tmp_path):
    save_pt(quick[0], tmp_path / 'a.bin')
    beside = tmp_path / 'open_clip_config.json'
    beside.write_text('{"model_cfg": {"quick_gelu": true}}')
    load_clip(quick[1], str(tmp_path / 'a.bin'))
    with pytest.raises(ValueError, match="Write architecture='ViT-B-16-quickgelu'"):
        load_clip('ViT-B-16', str(tmp_path / 'a.bin'))
    beside.write_text('{')
    with pytest.raises(ValueError, match='open_clip_config.json is not JSON'):
        load_clip(quick[1], str(tmp_path / 'a.bin'))
    beside.write_text('{"model_cfg": 1}')
    with pytest.raises(ValueError, match='_config.json: model_cfg is 1, no'):
        load_clip(quick[1], str(tmp_path / 'a.bin'))


def test_open_clips_table_of_tags_is_asked(quick, tmp_path, monkeypatch):
    save_pt(quick[0], tmp_path / 'a.bin')
    monkeypatch.setattr(
        open_clip, 'download_pretrained', lambda cfg: str(tmp_path / 'a.bin')
    )
    with pytest.raises(ValueError, match="Write architecture='ViT-B-16-quickgelu'"):
        load_clip('ViT-B-16', 'openai')
    # Its activation is right, so the next check speaks: these are tiny.
    with pytest.raises(ValueError, match="is not a 'ViT-B-16-quickgelu'"):
        load_clip('ViT-B-16-quickgelu', 'openai')


def test_advice_names_only_architectures_that_exist(quick, tmp_path):
    save_jit(quick[0], tmp_path / 'a.pt')
    with pytest.raises(ValueError, match='Set "quick_gelu": true in a JSON'):
        load_clip('shapes-clip', str(tmp_path / 'a.pt'))


def test_a_file_that_says_nothing_is_reported(plain, tmp_path, logged):
    save_pt(plain[0], tmp_path / 'a.pt')
    load_clip(plain[1], str(tmp_path / 'a.pt'))
    (warning,) = warnings_of(logged)
    assert 'a.pt does not say which activation' in warning
    assert "'tiny-clip' uses GELU" in warning


# Bad input


def refuses(match, architecture, pretrained=None, error=ValueError):
    with pytest.raises(error, match=match):
        load_clip(architecture, pretrained)


def test_unknown_names_list_what_there_is(tiny_clip_json):
    refuses('Nearest names: .*ViT-B-16', 'ViT-B16')
    refuses(
        "no pretrained tag 'opnai'. Tags: openai, .*dfn2b",
        'ViT-B-16-quickgelu',
        'opnai',
    )
    refuses('Tags: none. A local file', tiny_clip_json, 'openai')
    refuses("goes with architecture='shapes-clip'", tiny_clip_json, 'shipped')


def test_missing_files(tmp_path):
    missing = str(tmp_path / 'nowhere')
    refuses(
        'config .*nowhere.json.* does not exist',
        f'{missing}.json',
        error=FileNotFoundError,
    )
    refuses(
        'weights .*nowhere.pt.* do not exist',
        'shapes-clip',
        f'{missing}.pt',
        FileNotFoundError,
    )


@pytest.mark.parametrize(
    'architecture, tag, fetched, source',
    [
        (
            'ViT-B-16-quickgelu',
            'openai',
            'huggingface.co/timm/vit_base_patch16_clip_224.openai/',
            r'https://openaipublic.*ViT-B-16\.pt',
        ),
        ('ViT-B-16', 'laion2b_s34b_b88k', *['huggingface.co/laion/CLIP-ViT-B-16'] * 2),
    ],
)
def test_without_a_network_a_tag_says_what_to_get(
    monkeypatch, architecture, tag, fetched, source
):
    said = []
    monkeypatch.setattr(pretrained, 'print_log', lambda text, **_: said.append(text))

    def offline(cfg):
        raise OSError('Network is unreachable')

    monkeypatch.setattr(open_clip, 'download_pretrained', offline)
    refuses(
        f"OSError.*Get {source}.* pretrained='/path/to/that file'",
        architecture,
        tag,
        ConnectionError,
    )
    # As open_clip fetches it: from the hub, if it is there.
    (text,) = said
    assert f'{architecture}/{tag} from {fetched}' in text


def test_weights_of_another_architecture(plain, variant, tmp_path):
    model, architecture = plain
    wide = variant('tiny-wide', embed_dim=24)
    save_pt(model, tmp_path / 'a.pt')
    refuses(
        r"a.pt is not a 'tiny-wide': .* is \(.*\), expected .*"
        'Set `architecture`',
        wide,
        str(tmp_path / 'a.pt'),
    )
    # As many numbers, but in another order.
    state = model.state_dict()
    state['visual.proj'] = state['visual.proj'].T.contiguous()
    torch.save(state, tmp_path / 'b.pt')
    refuses(
        r'visual.proj is \(16, 32\), expected \(32, 16\)',
        architecture,
        str(tmp_path / 'b.pt'),
    )
    torch.save(dict(ln_post=torch.zeros(3)), tmp_path / 'c.pt')
    refuses(r'is missing \(the first of \d+', architecture, str(tmp_path / 'c.pt'))


def truncated(save, model, path):
    save(model, path)
    path.write_bytes(path.read_bytes()[:-2000])


@pytest.mark.parametrize(
    'file, write',
    [
        ('text.pt', lambda model, path: path.write_text('not a pickle')),
        ('empty.pt', lambda model, path: path.touch()),
        ('list.pt', lambda model, path: torch.save([1, 2], path)),
        ('numbers.pt', lambda model, path: torch.save(dict(a=1), path)),
        ('text.safetensors', lambda model, path: path.write_text('no header')),
        ('a.safetensors', lambda *args: truncated(save_safetensors, *args)),
        ('state.pt', lambda *args: truncated(save_pt, *args)),
        ('jit.pt', lambda *args: truncated(save_jit, *args)),
    ],
)
def test_unreadable_files(plain, tmp_path, file, write):
    write(plain[0], tmp_path / file)
    refuses(
        f'{file} could not be read as CLIP weights.*Expected:',
        plain[1],
        str(tmp_path / file),
    )


class Evil:
    """Runs code if it is unpickled without care."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


class Confusing:
    """An allowed function with wrong arguments: a TypeError when read."""

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, (1,)


@pytest.mark.parametrize('legacy', [False, True])
def test_code_in_a_pickle_is_refused(plain, tmp_path, legacy):
    evil = dict(weight=torch.zeros(1), code=Evil(tmp_path / 'ran'))
    if legacy:
        (tmp_path / 'a.pt').write_bytes(pickle.dumps(evil))
    else:
        torch.save(evil, tmp_path / 'a.pt')
    refuses('A pickle may hold nothing but tensors', plain[1], str(tmp_path / 'a.pt'))
    assert not (tmp_path / 'ran').exists()


def test_no_error_leads_to_a_second_reading_without_care(plain, tmp_path, monkeypatch):
    torch.save(dict(a=Confusing()), tmp_path / 'a.pt')
    calls = []
    load = torch.load

    def spy(*args, **kwargs):
        calls.append(kwargs.get('weights_only'))
        return load(*args, **kwargs)

    monkeypatch.setattr(torch, 'load', spy)
    refuses('could not be read', plain[1], str(tmp_path / 'a.pt'))
    assert calls == [True]


@pytest.mark.parametrize(
    'file, text, match',
    [
        ('broken.json', '{"embed_dim": 16,', 'broken.json is not JSON'),
        ('list.json', '[1, 2]', 'list.json holds no model config but a list'),
        ('lacking.json', '{"embed_dim": 16}', r"lacks \['text_cfg', 'vision_cfg'\]"),
        (
            'ViT-B-32.json',
            '{"embed_dim": 1, "vision_cfg": {}, "text_cfg": {}}',
            "the name of another architecture, 'ViT-B-32'; give the file another",
        ),
    ],
)
def test_bad_model_configs(tmp_path, file, text, match):
    (tmp_path / file).write_text(text)
    refuses(match, str(tmp_path / file))


def test_a_tower_that_is_no_vit(variant):
    path = variant(
        'tiny-resnet',
        embed_dim=16,
        vision_cfg=dict(
            image_size=32, layers=[1, 1, 1, 1], width=8, head_width=8, patch_size=None
        ),
    )
    with pytest.raises(ValueError, match=r'is a ModifiedResNet, which has no \[CLS\]'):
        ClsCLIPVisionTransformer(architecture=path)


# Random weights and models of one's own


def test_random_weights_are_always_the_same(tiny_clip_json, logged, monkeypatch):
    # Nor may the streams of accelerators be set.
    monkeypatch.setattr(torch.cuda, 'manual_seed_all', None)
    before = torch.get_rng_state()
    first = load_clip(tiny_clip_json)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    second = load_clip(tiny_clip_json)
    assert first.random and first.name == second.name
    assert first.name.startswith('tiny-clip@')
    theirs = second.model.state_dict()
    for key, value in first.model.state_dict().items():
        assert torch.equal(value, theirs[key])
    assert 'every score of them mean nothing' in warnings_of(logged)[0]


def test_the_fingerprint_is_of_the_weights(plain, tmp_path):
    model, architecture = plain
    save_pt(model, tmp_path / 'a.pt')
    loaded = load_clip(architecture, str(tmp_path / 'a.pt'))
    assert loaded.name != load_clip(architecture).name


def test_loaded_weights_are_not_called_random(plain, tmp_path, caplog):
    save_pt(plain[0], tmp_path / 'a.pt')
    load_clip(plain[1], str(tmp_path / 'a.pt'))
    assert 'randomly' not in caplog.text
    assert logging.root.manager.disable == logging.NOTSET


def test_the_shipped_clip_says_its_activation(logged):
    clip = load_clip('shapes-clip', 'shipped')
    assert not clip.random and not warnings_of(logged)


def test_merges_lie_beside_the_config(tiny_clip_json, tmp_path, monkeypatch):
    folder = Path(tiny_clip_json).parent
    monkeypatch.chdir(folder)
    tokenizer = load_clip('tiny-clip.json').tokenizer
    monkeypatch.chdir(tmp_path)
    assert load_clip('tiny-clip').tokenizer.vocab_size == 560
    assert tokenizer.vocab_size == 560
    assert tokenizer(['red circle']).shape == (1, 20)
    # The same config beside other merges.
    shutil.copy(tiny_clip_json, tmp_path)
    with gzip.open(tmp_path / 'shapes-bpe.txt.gz', 'wt') as file:
        file.write('#version: other\nr e')
    assert load_clip(str(tmp_path / 'tiny-clip.json')).tokenizer.vocab_size == 515
    assert load_clip(tiny_clip_json).tokenizer.vocab_size == 560
