"""What several tests need: a tiny CLIP and mmseg's registry scope."""

import gc
import json
import os
import random

# Before torch looks for one: what is compared exactly is compared on a CPU.
os.environ.setdefault('CUDA_VISIBLE_DEVICES', '')

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmseg_clsclip.models.clip.loading import ASSETS

TINY_CLIP = dict(
    embed_dim=16,
    vision_cfg=dict(image_size=32, layers=4, width=32, head_width=16, patch_size=8),
    text_cfg=dict(
        context_length=20,
        vocab_size=560,
        width=16,
        heads=2,
        layers=1,
        tokenizer_kwargs=dict(bpe_path='shapes-bpe.txt.gz'),
    ),
)


@pytest.fixture(scope='session', autouse=True)
def mmseg_scope():
    """As a Runner sets it: mmseg's classes are found by their bare names."""
    init_default_scope('mmseg')


@pytest.fixture(autouse=True)
def same_random_numbers():
    """Whatever ran before in this process."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def no_half_precision(monkeypatch):
    """As on a CPU that is not made for it: 'auto' gives float32's exact numbers."""
    for name in ('_is_avx512_bf16_supported', '_is_amx_tile_supported'):
        monkeypatch.setattr(torch.cpu, name, bool, raising=False)


@pytest.fixture(scope='session', autouse=True)
def cheap_garbage_collection():
    """mmengine collects garbage at each data set that is built.

    To go through all that torch and mmseg have imported takes a quarter of a
    second; none of it is garbage.
    """
    gc.freeze()
    yield
    gc.unfreeze()


def _write_clip(folder, name, **vision):
    """A JSON model config, its tokenizer's merges beside it."""
    merges = ASSETS / 'shapes-bpe.txt.gz'
    (folder / merges.name).write_bytes(merges.read_bytes())
    path = folder / f'{name}.json'
    config = dict(TINY_CLIP, vision_cfg=dict(TINY_CLIP['vision_cfg'], **vision))
    path.write_text(json.dumps(config), encoding='utf-8')
    return str(path)


@pytest.fixture(scope='session')
def tiny_clip_json(tmp_path_factory):
    """A JSON model config of a CLIP small enough for tests; random weights."""
    return _write_clip(tmp_path_factory.mktemp('clip'), 'tiny-clip')


@pytest.fixture(scope='session')
def coarse_clip_json(tmp_path_factory):
    """The same with ViT-B/16's patches, and blocks 2 to 4 to navigate."""
    return _write_clip(
        tmp_path_factory.mktemp('coarse'), 'coarse-clip', patch_size=16, layers=6
    )
