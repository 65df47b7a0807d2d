"""PseudoInverseVisionTransformer, against open_clip's own reading."""

import json
from pathlib import Path

import pytest
import torch

from mmseg_clsclip import load_clip
from mmseg_clsclip.models import PseudoInverseVisionTransformer


@pytest.mark.parametrize('number', [1, 3])
def test_projections_start_where_clip_reads_them(tiny_clip_json, data, number):
    clip = load_clip(tiny_clip_json)
    visual = clip.model.visual
    with torch.no_grad():
        visual.ln_post.weight.uniform_(0.5, 2)
        visual.ln_post.bias.uniform_(-1, 1)
    backbone = PseudoInverseVisionTransformer(
        navigate_blocks=(1, 2), num_tokens=number, clip=clip
    )
    text = data[1].flatten(0, 1)
    for block in (1, 2):
        token, *others = backbone.project(block, text).chunk(number, 1)
        read = token * visual.ln_post.weight + visual.ln_post.bias
        torch.testing.assert_close(read @ visual.proj, text, atol=1e-4, rtol=0)
        # Alike they would stay alike.
        assert len(others) == number - 1
        assert all((token - other).abs().max() > 0.1 for other in others)


@pytest.mark.parametrize(
    'pooling', [dict(attentional_pool=True, attn_pooler_heads=2), dict(pool_type='avg')]
)
def test_a_tower_without_a_cls_that_texts_are_compared_with_is_refused(
    tiny_clip_json, tmp_path, pooling
):
    config = json.loads(Path(tiny_clip_json).read_text())
    words = str(Path(tiny_clip_json).with_name('shapes-bpe.txt.gz'))
    config['text_cfg']['tokenizer_kwargs']['bpe_path'] = words
    config['vision_cfg'] |= pooling
    path = tmp_path / f'{next(iter(pooling))}.json'
    path.write_text(json.dumps(config))
    with pytest.raises(ValueError, match='what it pools of the patches'):
        PseudoInverseVisionTransformer(
            navigate_blocks=(1, 2), clip=load_clip(str(path))
        )
