# SCLIP (arXiv 2312.01597).
_base_ = './dense-clip_vit-b16.py'
model = dict(
    type='QueryDenseCLIP',
    backbone=dict(attention='qq+kk'),
    softmax_scale=40,
    test_cfg=dict(mode='slide', crop_size=(224, 224), stride=(112, 112)),
)
