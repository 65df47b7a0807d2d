_base_ = './clearclip_vit-b16_ade20k.py'
model = dict(
    backbone=dict(attention='qk', residual=True),
    softmax_scale=40,
    test_cfg=dict(crop_size=(336, 336), stride=(112, 112)),
)
