"""Which architectures do: towers of timm, texts read by transformers."""

import json
from pathlib import Path

import pytest

from mmseg_clsclip.models.backbones.clsclip_vit import ClsCLIPVisionTransformer
from mmseg_clsclip.models.clip import architecture
from mmseg_clsclip.models.clip.loading import load_clip
from mmseg_clsclip.models.text_encoders.open_clip_text_encoder import (
    OpenCLIPTextEncoder,
)

TIMM = dict(
    timm_model_name='vit_tiny_patch16_224',
    timm_pool='',
    timm_proj='linear',
    image_size=32,
)


@pytest.fixture
def config(tiny_clip_json, tmp_path):
    """Writes a tiny config with other parts; the tokenizer is CLIP's own."""

    def write(name, **parts):
        config = json.loads(Path(tiny_clip_json).read_text())
        config['text_cfg'].update(
            vocab_size=49408, tokenizer_kwargs={}, **parts.pop('text_cfg', {})
        )
        (tmp_path / f'{name}.json').write_text(json.dumps({**config, **parts}))
        return str(tmp_path / f'{name}.json')

    return write


def test_timms_tower_gives_texts_but_cannot_be_navigated(config):
    path = config('tiny-timm', vision_cfg=TIMM)
    clip = load_clip(path)
    encoder = OpenCLIPTextEncoder(clip, ['cat', 'dog'])
    assert encoder().shape == (2, 16)
    with pytest.raises(
        ValueError,
        match="is a TimmModel, whose blocks are timm's, .*use a ViT of open_clip",
    ):
        ClsCLIPVisionTransformer(clip=clip)


@pytest.mark.parametrize('name', ['~no-such-user/a.json', 'local-dir:~no-such-user/a'])
def test_a_path_of_a_user_that_is_not_there_is_none(name):
    with pytest.raises(FileNotFoundError, match='no-such-user/a.* (does not|has no)'):
        load_clip(name)


@pytest.mark.parametrize('key', ['hf_tokenizer_name', 'hf_model_name'])
def test_what_transformers_lacks_is_named(config, key, monkeypatch):
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    path = config(f'tiny-{key}'.replace('_', '-'), text_cfg={key: 'me/texts'})
    with pytest.raises(
        ConnectionError,
        match="'me/texts' that could not be loaded .*"
        'config.json .*hf download me/texts --exclude .*Its path goes '
        'into a copy of the JSON config',
    ):
        load_clip(path)


def test_nothing_is_fetched_for_a_tower_of_no_use(monkeypatch):
    monkeypatch.setattr(architecture, 'print_log', None)
    with pytest.raises(ValueError, match="'ViT-B-16-SigLIP' is a TimmModel"):
        load_clip('ViT-B-16-SigLIP', 'webli')


def test_a_local_tokenizer_of_transformers_does(config, tmp_path):
    transformers = pytest.importorskip('transformers')
    from tokenizers import Tokenizer, models

    words = Tokenizer(models.WordLevel({'cat': 0, '?': 1}, unk_token='?'))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token='?'
    ).save_pretrained(tmp_path / 'words')
    path = config(
        'tiny-words', text_cfg=dict(hf_tokenizer_name=str(tmp_path / 'words'))
    )
    assert load_clip(path).tokenizer(['cat'])[0, :2].tolist() == [0, 1]
