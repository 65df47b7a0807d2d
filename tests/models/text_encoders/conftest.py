"""A tiny CLIP, and what its text tower is asked."""

import pytest

from mmseg_clsclip.models.clip.loading import load_clip
from mmseg_clsclip.models.text_encoders import text_tower


@pytest.fixture(scope='module')
def clip(tiny_clip_json):
    return load_clip(tiny_clip_json)


@pytest.fixture
def forwards(monkeypatch):
    """The number of texts in every forward of the text tower."""
    sizes = []
    encode = text_tower.encode_short_text

    def spy(clip, tokens):
        sizes.append(len(tokens))
        return encode(clip, tokens)

    monkeypatch.setattr(text_tower, 'encode_short_text', spy)
    return sizes
