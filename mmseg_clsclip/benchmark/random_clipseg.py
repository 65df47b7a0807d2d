"""A folder for CLIPSeg of the published size without its weights."""

import json
import string
from pathlib import Path


def write_clipseg(folder: Path) -> str:
    """Write config, preprocessor, and a tokenizer of single characters.

    CLIPSeg on ViT-B/16 at 352 pixels with a decoder of 64 channels, as
    CIDAS/clipseg-rd64-refined is. What its names are read as changes no time:
    every text has 77 tokens.

    Args:
        folder (Path): Exists, and is filled.

    Returns:
        str: The folder, for :class:`mmseg_clsclip.HuggingFaceSegmentor` with
        ``random_weights=True``.
    """
    from transformers import CLIPSegConfig

    marks = ['<|startoftext|>', '<|endoftext|>']
    letters = string.ascii_lowercase + string.digits
    tokens = [*letters, *(letter + '</w>' for letter in letters), *marks]
    start, end = (tokens.index(mark) for mark in marks)
    CLIPSegConfig(
        vision_config=dict(patch_size=16),
        text_config=dict(bos_token_id=start, eos_token_id=end, pad_token_id=end),
    ).save_pretrained(folder)
    for name, content in {
        'vocab.json': {token: k for k, token in enumerate(tokens)},
        'tokenizer_config.json': dict(tokenizer_class='CLIPTokenizer'),
        'preprocessor_config.json': dict(
            image_processor_type='ViTImageProcessor',
            size=dict(height=352, width=352),
            image_mean=[0.485, 0.456, 0.406],
            image_std=[0.229, 0.224, 0.225],
        ),
    }.items():
        (folder / name).write_text(json.dumps(content), encoding='utf-8')
    (folder / 'merges.txt').write_text('#version: 0.2\n', encoding='utf-8')
    return str(folder)
