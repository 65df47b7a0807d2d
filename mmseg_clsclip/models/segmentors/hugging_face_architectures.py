"""Published models of transformers without their weights: what they cost.

Their sizes are here so that nothing need be fetched to time them and to count
their operations.
"""

import json
from pathlib import Path

# By the last part of the name by which they are published: config.json and
# preprocessor_config.json, as far as transformers' defaults are others.
ARCHITECTURES = {
    'clipseg-rd64-refined': (
        dict(
            model_type='clipseg',
            vision_config=dict(patch_size=16),
            use_complex_transposed_convolution=True,
        ),
        dict(
            image_processor_type='ViTImageProcessor',
            size=dict(height=352, width=352),
            image_mean=[0.485, 0.456, 0.406],
            image_std=[0.229, 0.224, 0.225],
        ),
    ),
    'sam3': (
        dict(model_type='sam3'),
        dict(
            image_processor_type='Sam3ImageProcessor',
            size=dict(height=1008, width=1008),
            image_mean=[0.5, 0.5, 0.5],
            image_std=[0.5, 0.5, 0.5],
        ),
    ),
}


def write_architecture(name: str, folder: Path) -> str:
    """Write all files of a published model but its weights.

    The tokenizer is CLIP's, which both read names by, out of open_clip.

    Args:
        name (str): A key of ``ARCHITECTURES``.
        folder (Path): Exists, and is filled.

    Returns:
        str: The folder, for :class:`mmseg_clsclip.HuggingFaceSegmentor` with
        ``random_weights=True``.
    """
    from open_clip.tokenizer import SimpleTokenizer

    clip = SimpleTokenizer()
    marks = {'<start_of_text>': '<|startoftext|>', '<end_of_text>': '<|endoftext|>'}
    config, preprocessor = ARCHITECTURES[name]
    for file, content in {
        'config.json': config,
        'preprocessor_config.json': preprocessor,
        'tokenizer_config.json': dict(tokenizer_class='CLIPTokenizer'),
        'vocab.json': {marks.get(t, t): index for t, index in clip.encoder.items()},
    }.items():
        (folder / file).write_text(json.dumps(content), encoding='utf-8')
    merges = sorted(clip.bpe_ranks, key=clip.bpe_ranks.get)
    (folder / 'merges.txt').write_text(
        '\n'.join(['#version: 0.2', *map(' '.join, merges), '']), encoding='utf-8'
    )
    return str(folder)
