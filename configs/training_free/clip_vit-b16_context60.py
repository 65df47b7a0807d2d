_base_ = './sclip_vit-b16_context60.py'
model = dict(
    backbone=dict(attention='qk'),
    softmax_scale=40,
    prob_thd=0.05,
    test_cfg=dict(crop_size=(336, 336)),
)
