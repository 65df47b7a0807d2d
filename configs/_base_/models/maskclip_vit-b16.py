# MaskCLIP (arXiv 2112.01071), without key smoothing and prompt denoising.
_base_ = './dense-clip_vit-b16.py'
model = dict(text_encoder=dict(templates='maskclip'), with_background=False)
