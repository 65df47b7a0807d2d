# CLIP's own last block, in ProxyCLIP's windows (arXiv 2408.04883): what its code
# is without a second encoder.
_base_ = './sclip_vit-b16.py'
model = dict(backbone=dict(attention='qk'), test_cfg=dict(crop_size=(336, 336)))
