"""Where weights may lie: folders, hubs, layouts, bad arguments."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mmseg_clsclip.models.clip.loading import load_clip
from mmseg_clsclip.models.clip.pretrained import (
    WEIGHTS_FILES,
    explain_hub,
    find_weights,
)

LAION = 'laion/CLIP-ViT-B-16-laion2B-s34B-b88K'


@pytest.fixture(scope='module')
def other(tiny_clip_json):
    """Weights that are not those which are drawn."""
    model = load_clip(tiny_clip_json).model
    return {key: value * 2 for key, value in model.state_dict().items()}


@pytest.fixture
def folder(tiny_clip_json, other, tmp_path):
    """A CLIP as a repository of a hub has it."""
    folder = tmp_path / 'my-clip'
    folder.mkdir()
    (folder / 'open_clip_config.json').write_text(
        json.dumps(
            dict(
                model_cfg=json.loads(Path(tiny_clip_json).read_text()),
                preprocess_cfg=dict(mean=[0, 0, 0]),
            )
        )
    )
    shutil.copy(Path(tiny_clip_json).with_name('shapes-bpe.txt.gz'), folder)
    save_file(other, folder / WEIGHTS_FILES[0])
    return folder


def test_a_folder_of_a_hub_is_a_whole_clip(folder, other, tiny_clip_json):
    clip = load_clip(f'local-dir:{folder}')
    assert not clip.random and clip.dim == 16
    assert torch.equal(clip.model.visual.proj, other['visual.proj'])
    assert clip.tokenizer.vocab_size == 560
    # Checkpoints know it by its architecture, not by where it lies.
    by_file = load_clip(tiny_clip_json, str(folder / WEIGHTS_FILES[0]))
    assert clip.name == by_file.name == load_clip(tiny_clip_json, str(folder)).name


def test_a_folder_of_an_unknown_architecture_has_its_own_name(folder):
    config = json.loads((folder / 'open_clip_config.json').read_text())
    config['model_cfg']['text_cfg']['ls_init_value'] = None
    (folder / 'open_clip_config.json').write_text(json.dumps(config))
    folder = folder.rename(folder.with_name('Grüße'))
    name = load_clip(f'local-dir:{folder}').name
    assert name.startswith(r'Gr\xfc\xdfe@') and name.isascii()


def test_the_best_file_of_a_folder_is_taken(folder, other):
    torch.save(other, folder / WEIGHTS_FILES[2])
    assert find_weights('any', str(folder))[0].name == WEIGHTS_FILES[0]
    assert find_weights('any', f'local-dir:{folder}')[0].name == WEIGHTS_FILES[0]
    (folder / WEIGHTS_FILES[0]).rename(folder / 'model.safetensors')
    assert find_weights('any', str(folder))[0].name == WEIGHTS_FILES[2]
    (folder / WEIGHTS_FILES[2]).unlink()
    with pytest.raises(
        FileNotFoundError,
        match='my-clip has none of open_cl'
        'ip_model.safetensors.*but model.safetensors, .*Give',
    ):
        load_clip(f'local-dir:{folder}')


def test_a_tag_is_not_hidden_by_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'openai').mkdir()
    monkeypatch.setattr('open_clip.download_pretrained', lambda cfg: 'a.pt')
    assert find_weights('ViT-B-16-quickgelu', 'openai')[0] == Path('a.pt')


@pytest.mark.parametrize(
    'content, match',
    [
        (None, "no open_clip_config.json.*files .* that begin with 'open_clip'"),
        ('{}', 'has no model_cfg'),
        ('{"model_cfg": 1}', 'has no model_cfg'),
        ('{"model_cfg": {"embed_dim": 1}}', "lacks .*'text_cfg', 'vision_cfg'"),
        (
            '{"model_cfg": {"embed_dim": 1, "vision_cfg": 1, "text_cfg": {}}}',
            'vision_cfg is 1; it must be a dict',
        ),
    ],
)
def test_folders_that_hold_no_clip(folder, content, match):
    file = folder / 'open_clip_config.json'
    file.unlink()
    if content is not None:
        file.write_text(content)
    with pytest.raises((FileNotFoundError, ValueError), match=match):
        load_clip(f'local-dir:{folder}')


def test_the_config_of_a_folder_says_how_to_write_it(folder):
    with pytest.raises(ValueError, match="write architecture='local-dir:.*my"):
        load_clip(str(folder / 'open_clip_config.json'))


@pytest.mark.parametrize(
    'arguments',
    [(f'hf-hub:{LAION}',), ('shapes-clip', f'hf-hub:{LAION}'), ('shapes-clip', LAION)],
)
def test_a_name_of_the_hub_is_not_fetched_but_explained(arguments):
    with pytest.raises(
        (ValueError, FileNotFoundError),
        match="Write architecture='ViT-B-16', pretrained='laion2b_s34b_b88k'",
    ):
        load_clip(*arguments)


def test_an_unknown_name_of_the_hub_says_what_to_fetch():
    assert "hf download me/mine --include 'open_clip*'" in explain_hub('me/mine')
    with pytest.raises(
        ValueError,
        match="hf download me/mine .*and write architecture='local-dir:FOLDER'",
    ):
        load_clip('hf-hub:me/mine')
    # Files that are missing are no repositories.
    for file in ('weights/a.pt', '/weights/a', './a', 'local-dir:/weights'):
        with pytest.raises(FileNotFoundError, match='do not exist.$'):
            load_clip('shapes-clip', file)


def test_transformers_layout_is_named(tmp_path):
    transformers = pytest.importorskip('transformers')
    part = dict(
        hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2
    )
    config = transformers.CLIPConfig(
        text_config=dict(part, vocab_size=9),
        vision_config=dict(part, image_size=32, patch_size=8),
    )
    transformers.CLIPModel(config).save_pretrained(tmp_path)
    file = str(tmp_path / 'model.safetensors')
    with pytest.raises(
        ValueError,
        match="transformers' names for its weights"
        ', such as .*_model.* Take open_clip_model.safetensors '
        "or .*: 'openai' in timm/vit_base_patch16_clip_224.op",
    ):
        load_clip('ViT-B-16-quickgelu', file)
    with pytest.raises(ValueError, match='Take .* of the same CLIP.$'):
        load_clip('shapes-clip', file)


@pytest.mark.parametrize('value', [5, 0, True, '', '  ', b'a', ['a'], {}])
def test_what_names_nothing(value):
    for arguments in ((value,), ('shapes-clip', value)):
        with pytest.raises(ValueError, match='names nothing: write a text'):
            load_clip(*arguments)


def test_no_architecture_and_paths(folder, tiny_clip_json):
    with pytest.raises(ValueError, match='architecture=None names nothing'):
        load_clip(None)
    assert not load_clip(Path(tiny_clip_json), folder / WEIGHTS_FILES[0]).random
