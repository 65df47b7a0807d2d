_base_ = './clearclip_vit-b16_cityscapes.py'
model = dict(
    backbone=dict(attention='qk', residual=True),
    softmax_scale=40,
    test_cfg=dict(stride=(112, 112)),
)
