"""What several tests need: a tiny CLIP and mmseg's registry scope."""
import json

import pytest
from mmengine.registry import init_default_scope

from mmseg_clsclip.clip import ASSETS

TINY_CLIP = dict(
    embed_dim=16,
    vision_cfg=dict(
        image_size=32, layers=4, width=32, head_width=16, patch_size=8),
    text_cfg=dict(
        context_length=20,
        vocab_size=560,
        width=16,
        heads=2,
        layers=1,
        tokenizer_kwargs=dict(bpe_path='shapes-bpe.txt.gz')))


@pytest.fixture(scope='session', autouse=True)
def mmseg_scope():
    """As a Runner sets it: mmseg's classes are found by their bare names."""
    init_default_scope('mmseg')


@pytest.fixture(scope='session')
def tiny_clip_json(tmp_path_factory):
    """A JSON model config of a CLIP small enough for tests; random weights."""
    folder = tmp_path_factory.mktemp('clip')
    merges = ASSETS / 'shapes-bpe.txt.gz'
    (folder / merges.name).write_bytes(merges.read_bytes())
    path = folder / 'tiny-clip.json'
    path.write_text(json.dumps(TINY_CLIP), encoding='utf-8')
    return str(path)
