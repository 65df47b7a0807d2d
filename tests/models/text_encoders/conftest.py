"""A tiny CLIP, and what its text tower is asked."""

import pytest

from mmseg_clsclip.models.clip.loading import load_clip


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
