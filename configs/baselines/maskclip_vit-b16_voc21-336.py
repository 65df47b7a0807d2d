# MaskCLIP's tower for pictures of one's own: a background, SCLIP's windows. No row of
# MaskCLIP's tables; those are in configs/training_free/.
_base_ = [
    '../_base_/models/dense-clip_vit-b16.py',
    '../_base_/datasets/voc21_336.py',
    '../_base_/default_runtime.py',
]
model = dict(test_cfg=dict(mode='slide', crop_size=(224, 224), stride=(112, 112)))
