"""Published models without their weights: their sizes, and how they read names."""

from pathlib import Path

import open_clip
import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS

ROOT = Path(__file__).parents[3]
CONFIGS = {
    # Parameters in millions, of the published files; SAM 3's without its tracker.
    'clipseg-rd64_voc21': (150.75, (352, 352), 77),
    'clipseg-rd64_shapes-5i_fold0': (150.75, (352, 352), 77),
    'sam3_voc21': (840.38, (1008, 1008), 32),
    'sam3_shapes-5i_fold0': (840.38, (1008, 1008), 32),
}


@pytest.mark.parametrize('name', CONFIGS)
def test_a_config_is_built_without_anything_fetched(name, tmp_path, monkeypatch):
    transformers = pytest.importorskip('transformers')
    if name.startswith('sam3') and not hasattr(transformers, 'Sam3Model'):
        pytest.skip(f'transformers {transformers.__version__} has no SAM 3')
    millions, size, length = CONFIGS[name]
    model = Config.fromfile(ROOT / f'configs/baselines/{name}.py').model
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match='checkpoints/.* is no folder'):
        MODELS.build(model)
    with torch.device('meta'):
        built = MODELS.build(dict(model, random_weights=True))
    number = sum(p.numel() for p in built.parameters())
    assert number / 1e6 == pytest.approx(millions, abs=0.01)
    assert built.input_size == size and built.has_random_weights
    assert len(built.text_encoder.names) == 20
    # As CLIP's own tokenizer, which pads by 0.
    texts = ['potted plant', "a dog's TV-monitor", 'Straße 42']
    read = built.text_encoder.tokenizer(
        texts, padding='max_length', max_length=length, return_tensors='pt'
    )
    expected = open_clip.get_tokenizer('ViT-B-16')(texts, length)
    assert torch.equal(read.input_ids * read.attention_mask, expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('folder', ['x/sam4', '~no-such-user/sam4'])
def test_another_name_needs_a_folder(folder):
    pytest.importorskip('transformers')
    cfg = dict(type='HuggingFaceSegmentor', folder=folder, vocabulary=['a'])
    with pytest.raises(FileNotFoundError, match=f"'{folder}' is no folder here"):
        MODELS.build(dict(cfg, random_weights=True))
